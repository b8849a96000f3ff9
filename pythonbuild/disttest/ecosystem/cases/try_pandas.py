"""Grouping, joining, dates with a time zone, and both directions of CSV and SQLite."""

import io
import sqlite3

import pandas as pd

frame = pd.DataFrame(
    {
        "city": ["Bonn", "Ulm", "Bonn", "Ulm"],
        "at": pd.date_range("2026-03-28", periods=4, freq="12h", tz="UTC"),
        "degrees": [7.5, 9.0, 8.5, 11.0],
    }
)
assert frame.groupby("city")["degrees"].mean().to_dict() == {"Bonn": 8.0, "Ulm": 10.0}
# Berlin's clocks go forward on the 29th: two rows of twelve hours apart are thirteen apart on the wall.
hours = frame["at"].dt.tz_convert("Europe/Berlin").dt.hour.tolist()
assert hours == [1, 13, 1, 14], hours
again = pd.read_csv(io.StringIO(frame.to_csv(index=False)), parse_dates=["at"])
assert again["at"].equals(frame["at"]) or (again["at"] == frame["at"]).all()
with sqlite3.connect(":memory:") as database:
    frame[["city", "degrees"]].to_sql("weather", database, index=False)
    best = pd.read_sql("SELECT city, max(degrees) AS best FROM weather GROUP BY city ORDER BY city", database)
assert best["best"].tolist() == [8.5, 11.0]
joined = best.merge(pd.DataFrame({"city": ["Ulm"], "river": ["Donau"]}), on="city", how="left")
assert joined["river"].isna().tolist() == [True, False]
