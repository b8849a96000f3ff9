"""Numbers: simulations in floats, big integers, matrices as lists, decimals, fractions, statistics, dates."""

import array
import cmath
import datetime
import decimal
import fractions
import math
import random
import statistics
import struct


def heat(size: int, steps: int) -> float:
    grid = [[0.0] * size for _ in range(size)]
    grid[size // 2][size // 2] = 1000.0
    for _ in range(steps):
        new = [row[:] for row in grid]
        for y in range(1, size - 1):
            above, row, below, out = grid[y - 1], grid[y], grid[y + 1], new[y]
            for x in range(1, size - 1):
                out[x] = row[x] + 0.2 * (above[x] + below[x] + row[x - 1] + row[x + 1] - 4.0 * row[x])
        grid = new
    return sum(map(sum, grid))


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x: float, y: float) -> None:
        self.x = x
        self.y = y

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor: float) -> "Vector":
        return Vector(self.x * factor, self.y * factor)

    def length(self) -> float:
        return math.sqrt(self.x * self.x + self.y * self.y)


def springs(count: int, steps: int) -> float:
    places = [Vector(float(n), 0.0) for n in range(count)]
    speeds = [Vector(0.0, math.sin(n)) for n in range(count)]
    for _ in range(steps):
        for n in range(1, count - 1):
            pull = Vector(0.0, places[n - 1].y + places[n + 1].y - 2 * places[n].y)
            speeds[n] = speeds[n] + pull * 0.01
            places[n] = places[n] + speeds[n] * 0.01
    return sum(place.length() for place in places)


def integers(rng: random.Random) -> None:
    sieve = bytearray([1]) * 300000
    for n in range(2, 548):
        if sieve[n]:
            sieve[n * n :: n] = bytes(len(range(n * n, len(sieve), n)))
    assert sum(sieve) > 25000
    value = 1
    for n in range(1, 1500):
        value *= n
    len(str(value))
    for _ in range(60):
        base, power, modulus = (rng.getrandbits(512) | 1 for _ in range(3))
        (
            pow(base, power, modulus),
            base * power % modulus,
            base // (power >> 200),
            math.gcd(base, power),
            math.isqrt(base),
        )
    total = 0
    for n in range(400000):
        total = (total * 31 + n ^ (n >> 3)) & 0xFFFFFFFF
        if total % 7 == 3:
            total -= n
    collatz = 0
    for start in range(1, 6000):
        n = start
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            collatz += 1
    assert collatz > 0


def matrices(rng: random.Random) -> None:
    size = 70
    a = [[rng.random() for _ in range(size)] for _ in range(size)]
    for _ in range(4):
        columns = list(zip(*a, strict=True))
        a = [[sum(x * y for x, y in zip(row, column, strict=True)) / size for column in columns] for row in a]
    work = [row[:] for row in a]
    for k in range(size):
        pivot = work[k][k] or 1e-9
        for i in range(k + 1, size):
            factor = work[i][k] / pivot
            for j in range(k, size):
                work[i][j] -= factor * work[k][j]
    samples = array.array("d", (rng.gauss(0, 1) for _ in range(20000)))
    for step in (1, 2, 4, 8):
        for n in range(len(samples) - step):
            samples[n] = 0.5 * (samples[n] + samples[n + step])
    struct.unpack("<1000d", struct.pack("<1000d", *samples[:1000]))
    statistics.fmean(samples), statistics.pstdev(samples[:3000]), statistics.median(samples)
    sum(abs(cmath.exp(complex(0, n))) for n in range(20000))


def exact() -> None:
    decimal.getcontext().prec = 40
    rate, balance = decimal.Decimal("1.0375"), decimal.Decimal("1000.00")
    for _ in range(8000):
        balance = (balance * rate).quantize(decimal.Decimal("0.01")) if balance < 10**15 else decimal.Decimal("1000.00")
    root = decimal.Decimal(2)
    for _ in range(60):
        root.sqrt(), root.ln(), (root / 7) ** 3
    total = fractions.Fraction(0)
    for n in range(1, 400):
        total += fractions.Fraction(1, n * n)
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    for n in range(15000):
        later = day + datetime.timedelta(hours=n)
        later.isoformat(), later.weekday(), (later - day).total_seconds(), later.strftime("%Y-%m-%d")
        if n % 10 == 0:
            datetime.datetime.fromisoformat(later.isoformat())


heat(60, 60)
springs(200, 120)
integers(random.Random(23))
matrices(random.Random(24))
exact()
