"""Documents in and out: JSON, XML, CSV, INI, HTML, and what programs do with them in between."""

import configparser
import csv
import html.parser
import io
import json
import random
import xml.etree.ElementTree as ET

WORDS = "amber basin cedar delta ember fjord grove harbor inlet jetty knoll lagoon meadow nectar orchard".split()


def person(rng: random.Random, number: int) -> dict:
    return {
        "id": number,
        "name": " ".join(rng.choices(WORDS, k=2)).title(),
        "email": f"{rng.choice(WORDS)}{number}@example.org",
        "balance": round(rng.uniform(-5000, 250000), 2),
        "active": rng.random() < 0.7,
        "tags": rng.choices(WORDS, k=rng.randint(0, 6)),
        "address": {"street": f"{rng.randint(1, 999)} {rng.choice(WORDS)} way", "zip": f"{rng.randint(0, 99999):05}"},
        "note": None if rng.random() < 0.5 else 'café, naïve — “quoted” \\ "text"\n' * rng.randint(1, 3),
        "scores": [rng.random() for _ in range(8)],
    }


def json_service(rng: random.Random) -> None:
    records = [person(rng, number) for number in range(400)]
    small = [json.dumps(record) for record in records]
    large = json.dumps(records, ensure_ascii=False)
    for _ in range(25):
        assert len(json.loads(large)) == 400
        for line in small:
            record = json.loads(line)
            record["total"] = sum(record["scores"])
        json.dumps(records)
        json.dumps(records, indent=2, sort_keys=True)
        [json.dumps(record) for record in records]


def xml_feed(rng: random.Random) -> None:
    root = ET.Element("feed", version="2")
    for number in range(1200):
        entry = ET.SubElement(root, "entry", id=str(number), lang=rng.choice(["en", "de", "fr"]))
        ET.SubElement(entry, "title").text = " ".join(rng.choices(WORDS, k=5))
        ET.SubElement(entry, "link", href=f"https://example.org/{number}?a=1&b=2")
        body = ET.SubElement(entry, "body")
        for _ in range(3):
            ET.SubElement(body, "p").text = " ".join(rng.choices(WORDS, k=12)) + " <&>"
    text = ET.tostring(root, encoding="unicode")
    data = text.encode()
    for _ in range(25):
        tree = ET.fromstring(data)
        assert sum(1 for entry in tree.iter("entry") if entry.get("lang") == "de") > 0
        titles = [title.text for title in tree.iterfind("./entry/title")]
        assert len(titles) == 1200
        for _, element in ET.iterparse(io.BytesIO(data)):
            if element.tag == "entry":
                element.clear()
        ET.tostring(tree)


def tables(rng: random.Random) -> None:
    rows = [[str(n), rng.choice(WORDS), f"{rng.random():.6f}", 'a "b", c'] for n in range(3000)]
    for _ in range(12):
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["n", "word", "value", "text"])
        writer.writerows(rows)
        totals: dict[str, float] = {}
        for row in csv.DictReader(io.StringIO(out.getvalue())):
            totals[row["word"]] = totals.get(row["word"], 0.0) + float(row["value"])
        for key in sorted(totals, key=totals.__getitem__, reverse=True):
            f"{key:>12} {totals[key]:10.3f} {int(totals[key]):,}"


class Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "a":
            self.links.extend(value for name, value in attrs if name == "href")

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


def pages(rng: random.Random) -> None:
    part = "".join(
        f"<div class='c{n}'><h2>{rng.choice(WORDS)} &amp; {n}</h2><a href='/p/{n}?x=1&amp;y=2'>go</a><br/></div>\n"
        for n in range(250)
    )
    for _ in range(10):
        parser = Links()
        parser.feed(f"<!doctype html><html><body>{part}</body></html>")
        assert len(parser.links) == 250
        settings = configparser.ConfigParser()
        settings.read_string("".join(f"[s{n}]\nkey{n} = {n}\nother = %(key{n})s x\n" for n in range(60)))
        assert settings["s3"]["other"] == "3 x"


for work in (json_service, xml_feed, tables, pages):
    work(random.Random(20))
