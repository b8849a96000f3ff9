"""Text: regular expressions over logs and prose, tokenizing, formatting, encodings, word counts."""

import collections
import random
import re
import string
import textwrap
import unicodedata

LOG = re.compile(
    r'(?P<host>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" '
    r"(?P<status>\d{3}) (?P<size>\d+|-)"
)
TOKEN = re.compile(r"(?P<num>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<op>[-+*/=<>!]=?|[()\[\]{},;:])|(?P<ws>\s+)")
MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?")
TAG = re.compile(r"<(/?)(\w+)([^>]*?)(/?)>", re.IGNORECASE)
WORDS = "the quick river carries seven old stones past a mill where nobody waits for grain before autumn".split()


def logs(rng: random.Random) -> None:
    lines = [
        f"10.0.{rng.randrange(256)}.{rng.randrange(256)} - user{rng.randrange(50)} [12/Mar/2026:10:{n % 60:02}:01 +0000] "
        f'"{rng.choice(["GET", "POST", "PUT"])} /api/v{n % 3}/item/{n}?q={rng.choice(WORDS)} HTTP/1.1" '
        f"{rng.choice([200, 200, 200, 404, 500])} {rng.randrange(100000)}"
        for n in range(4000)
    ]
    for _ in range(8):
        status: collections.Counter[str] = collections.Counter()
        sizes: dict[str, int] = collections.defaultdict(int)
        for line in lines:
            match = LOG.match(line)
            if match and match["status"] != "404":
                status[match["status"]] += 1
                sizes[match["path"].partition("?")[0]] += int(match["size"])
        assert status.most_common(1)[0][0] == "200"
        joined = "\n".join(lines)
        assert len(re.findall(r"user1\d\b", joined)) > 0
        re.sub(r"\b(\d{1,3})\.(\d{1,3})\.", lambda m: f"{m[1]}-{m[2]}-", joined)
        re.split(r"\s*[,;|\n]\s*", joined)


def tokens(rng: random.Random) -> None:
    source = "\n".join(
        f"result_{n} = compute(alpha{n}, {n * 3.5:.2f}) + table[{n}] * (beta - {n}); if x_{n} >= {n}: go"
        for n in range(500)
    )
    for _ in range(15):
        kinds: collections.Counter[str] = collections.Counter()
        for match in TOKEN.finditer(source):
            kinds[match.lastgroup or ""] += 1
        assert kinds["name"] > kinds["num"]
        scanner = re.Scanner(
            [(r"\d+", lambda _, t: int(t)), (r"\w+", lambda _, t: t), (r"[^\w\s]", None), (r"\s+", None)]
        )
        scanner.scan(source[:6000])


def prose(rng: random.Random) -> None:
    text = " ".join(rng.choices(WORDS, k=20000))
    mixed = " ".join(
        f"{word}{'@example.org' if n % 37 == 0 else ''} 2026-0{n % 9 + 1}-1{n % 9}"
        for n, word in enumerate(text.split()[:4000])
    )
    markup = "".join(f"<p class='{w}'>{w}<b>{w.upper()}</b><br/></p>" for w in text.split()[:2500])
    table = str.maketrans(string.ascii_lowercase, string.ascii_lowercase[13:] + string.ascii_lowercase[:13])
    for _ in range(10):
        counts = collections.Counter(text.split())
        assert counts["river"]
        len(MAIL.findall(mixed)), len(DATE.findall(mixed)), len(TAG.findall(markup))
        re.findall(r"(?i)\b(?:stones?|mill|grain)\b", text)
        re.search(r"autumn.*?quick.*?never", text[:3000])
        text.translate(table).upper().title().replace("THE", "a").encode("utf-8").decode("utf-8")
        textwrap.fill(text[:20000], 72)
        [line.strip().lower().startswith("the") for line in text.split("a ")]
        "".join(sorted(set(text)))
        unicodedata.normalize("NFD", "naïve café Ångström " * 400).casefold()


def formatting(rng: random.Random) -> None:
    template = string.Template("$name owes $amount to $other")
    for n in range(30000):
        value = rng.random() * 1e6
        f"{n:>8}|{value:12.3f}|{n:#x}|{value!r}|{n % 7 == 0}"
        "%s %d %.2f %r" % (WORDS[n % 16], n, value, WORDS[n % 5])
        "{:<10}{:^10}{:>10,}".format(WORDS[n % 16], n, n * 1000)
        if n % 10 == 0:
            template.substitute(name=WORDS[n % 16], amount=n, other="x")
            bytes(WORDS[n % 16], "latin-1").hex()
            str(value).split(".")[0].zfill(10).rjust(14, "*")
        float(str(value)), int(str(n)), repr(n)


for work in (logs, tokens, prose, formatting):
    work(random.Random(21))
