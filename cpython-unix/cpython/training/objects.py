"""Objects: class hierarchies, properties, containers, graphs that the collector must walk, copies, pickles."""

import bisect
import copy
import dataclasses
import enum
import functools
import gc
import heapq
import itertools
import operator
import pickle
import random
import typing
import weakref
from collections import OrderedDict, defaultdict, deque, namedtuple


class Kind(enum.Enum):
    BUY = 1
    SELL = 2


@dataclasses.dataclass(order=True)
class Order:
    price: float
    amount: int = dataclasses.field(compare=False)
    kind: Kind = dataclasses.field(compare=False, default=Kind.BUY)
    notes: list[str] = dataclasses.field(default_factory=list, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int

    def moved(self, dx: int, dy: int) -> "Point":
        return Point(self.x + dx, self.y + dy)


class Shape:
    count = 0

    def __init__(self, name: str) -> None:
        self.name = name
        self._cache: dict[str, float] = {}
        type(self).count += 1

    @property
    def label(self) -> str:
        return f"{self.name}:{self.area():.1f}"

    def area(self) -> float:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __lt__(self, other: "Shape") -> bool:
        return self.area() < other.area()


class Box(Shape):
    def __init__(self, name: str, w: float, h: float) -> None:
        super().__init__(name)
        self.w, self.h = w, h

    def area(self) -> float:
        return self.w * self.h


class Round(Shape):
    __slots__ = ("r",)

    def __init__(self, name: str, r: float) -> None:
        super().__init__(name)
        self.r = r

    def area(self) -> float:
        if "area" not in self._cache:
            self._cache["area"] = 3.14159 * self.r**2
        return self._cache["area"]


class Lazy:
    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return name

    def __call__(self, *args: object, **kwargs: object) -> int:
        return len(args) + len(kwargs)

    def __len__(self) -> int:
        return 3

    def __getitem__(self, key: int) -> int:
        if key > 5:
            raise IndexError(key)
        return key


Pair = namedtuple("Pair", "left right")


def market(rng: random.Random) -> None:
    book: dict[Kind, list[Order]] = {kind: [] for kind in Kind}
    filled = 0
    for n in range(25000):
        order = Order(round(rng.gauss(100, 5), 2), rng.randint(1, 90), Kind(1 + n % 2))
        side = book[order.kind]
        heapq.heappush(side, order)
        other = book[Kind.SELL if order.kind is Kind.BUY else Kind.BUY]
        while other and abs(other[0].price - order.price) < 4 and order.amount > 0:
            best = other[0]
            used = min(best.amount, order.amount)
            order.amount -= used
            best.amount -= used
            filled += used
            if best.amount == 0:
                heapq.heappop(other)
    assert filled


def shapes(rng: random.Random) -> None:
    for _ in range(12):
        items: list[Shape] = [
            Box(f"b{n}", rng.random() * 9, 2.0) if n % 3 else Round(f"r{n}", rng.random() * 3) for n in range(2500)
        ]
        items.sort()
        by_kind: defaultdict[type, list[Shape]] = defaultdict(list)
        for item in items:
            by_kind[type(item)].append(item)
            _ = item.label
        assert max(items, key=operator.methodcaller("area")).area() >= items[0].area()
        {item: item.area() for item in items}
        lazy = Lazy()
        for n in range(2500):
            lazy.anything, lazy(1, 2, key=n), len(lazy), list(lazy)
            getattr(lazy, "_missing", None)


def graphs(rng: random.Random) -> None:
    class Node:
        def __init__(self, value: int, parent: "Node | None") -> None:
            self.value = value
            self.children: list[Node] = []
            self.parent = parent
            self.data = {"value": value, "pair": (value, [value])}

    for _ in range(6):
        root = Node(0, None)
        nodes = [root]
        for n in range(15000):
            parent = nodes[rng.randrange(len(nodes))]
            child = Node(n, parent)
            parent.children.append(child)
            nodes.append(child)
        gc.collect()
        stack, total = [root], 0
        while stack:
            node = stack.pop()
            total += node.value
            stack.extend(node.children)
        table = weakref.WeakValueDictionary(enumerate(nodes))
        assert len(table) == len(nodes)
        copy.deepcopy([node.data for node in nodes[:1500]])
        del root, nodes, stack, node, child, parent, table
        gc.collect()


def containers(rng: random.Random) -> None:
    @functools.lru_cache(maxsize=512)
    def ways(n: int, k: int) -> int:
        return 1 if n == 0 else sum(ways(n - i, i) for i in range(1, min(n, k) + 1))

    for _ in range(12):
        numbers = [rng.randrange(100000) for _ in range(8000)]
        seen: set[int] = set()
        for number in numbers:
            seen.add(number % 977)
        ordered: list[int] = []
        for number in numbers[:2000]:
            bisect.insort(ordered, number)
        queue: deque[int] = deque(maxlen=100)
        for number in numbers:
            queue.append(number)
            if number & 1:
                queue.appendleft(queue.pop())
        recent: OrderedDict[int, int] = OrderedDict()
        for number in numbers:
            recent[number % 300] = number
            recent.move_to_end(number % 300)
            if len(recent) > 200:
                recent.popitem(last=False)
        pairs = [Pair(a, b) for a, b in zip(numbers, reversed(numbers), strict=True)]
        sorted(pairs, key=operator.attrgetter("right"))
        sorted({p.left: p for p in pairs}.items())
        {
            k: [p.right for p in group]
            for k, group in itertools.groupby(sorted(numbers), key=lambda v: v // 1000)
            for p in ()
        }
        list(itertools.islice(itertools.combinations(range(25), 4), 6000))
        list(map(sum, itertools.product(range(8), repeat=4)))
        numbers[10:200:3], numbers[::-1], numbers + numbers[:50], numbers * 2
        any(number > 99998 for number in numbers), sum(numbers), min(numbers), max(numbers)
        ways.cache_clear()
        ways(28, 28)
        points = {Point(n % 70, n % 90) for n in range(4000)}
        {point.moved(1, -1) for point in points} & points
        match typing.cast(object, pairs[0]):
            case Pair(left=0):
                raise AssertionError
            case Pair(left, right) if left >= 0:
                assert right is not None
        blob = pickle.dumps([*numbers[:3000], *points, {"k": numbers[:100]}])
        assert len(pickle.loads(blob)) > 3000


for work in (market, shapes, graphs, containers):
    work(random.Random(22))
