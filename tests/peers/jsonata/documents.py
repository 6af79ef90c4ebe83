"""Documents for generated expressions: small, of known shape, and awkward where real ones are.

SHAPES says what stands where, so that a generated path mostly finds something: shape -> member -> what it holds. `num`, `str`,
`bool` and `any` are leaves, a trailing `*` is an array that may be absent, empty or a single one outside of an array.
"""

SHAPES = {
    "root": {"id": "num", "name": "str", "n": "num", "flag": "bool", "tags": "str*", "nums": "num*", "items": "item*",
             "people": "person*", "grid": "grid", "deep": "deep", "odd name": "any", "void": "any", "mixed": "any*"},
    "item": {"sku": "str", "qty": "num", "price": "num", "kind": "str", "tags": "str*", "part": "part*", "note": "any"},
    "part": {"n": "num", "s": "str", "item": "any", "more": "part*"},
    "person": {"first": "str", "last": "str", "age": "num", "kind": "str", "home": "part"},
    "deep": {"a": "deep", "b": "part", "c": "num*", "n": "num"},
}

NUMBERS = [0, 1, 2, 3, 5, 7, 10, 12, 100, -1, -2, -7, 0.5, 1.5, 2.5, -2.5, 0.1, 0.2, 0.3, 3.14159, 12.345, 99.99, 1e-7, 1.5e-9, 1e20,
           1e21, 1.7976931348623157e308, 5e-324, 123456789, 4294967296, 9007199254740991, -9007199254740991, 1000000, 1234567.891,
           0.000001, 1521801216617, 1000000000000, 33.333333333333336, 65, 34.45, 107.99]
STRINGS = ["", "a", "b", "B", "abc", "ABC", "Hello, World", "  spaced \t out\n ", "0", "12", "-3.5", "1e3", "0x1F", " 7", "true", "null",
           "a,b,c", "a-b_c d", "2018-03-23T10:33:36.617Z", "2019-02-28", "né", "ß", "İ", "日本語", "\U0001f600", "x\U0001f600y",
           "e\u0301", "a\"b\\c", "line\none", "aaa", "abab", "a.b*c", "100%", "a b&c=d/e?f", "aGVsbG8=", "bird", "red", "blue", "ant"]


def number(random):
    if random.random() < 0.75:
        return random.choice(NUMBERS[:22])
    return random.choice(NUMBERS) if random.random() < 0.7 else round(random.uniform(-1000, 1000), random.randrange(5))


def string(random):
    return random.choice(STRINGS)


def anything(random, depth=2):
    pick = random.randrange(10 if depth else 6)
    if pick < 2:
        return number(random)
    if pick < 4:
        return string(random)
    if pick < 6:
        return random.choice([None, True, False])
    if pick < 8:
        return [anything(random, depth - 1) for _ in range(random.randrange(4))]
    return {random.choice(["a", "b", "n", "s", "k2", "odd name", ""]): anything(random, depth - 1) for _ in range(random.randrange(4))}


def of_shape(random, shape, depth=4):
    if random.random() < 0.03:
        return anything(random, 1)
    if shape.endswith("*"):
        pick = random.random()
        if pick < 0.15:
            return of_shape(random, shape[:-1], depth - 1)
        return [of_shape(random, shape[:-1], depth - 1) for _ in range(0 if pick < 0.2 else random.randint(1, 3))]
    if shape == "num":
        return number(random)
    if shape == "str":
        return string(random)
    if shape == "bool":
        return random.random() < 0.5
    if shape == "grid":
        return [[number(random) for _ in range(random.randrange(4))] for _ in range(random.randint(1, 3))]
    if shape == "any" or depth <= 0:
        return anything(random)
    kept = {"root": 0.4, "deep": 0.5, "part": 0.5}.get(shape, 0.75)
    made = {name: of_shape(random, of, depth - 1) for name, of in SHAPES[shape].items() if random.random() < kept}
    if "kind" in made:
        made["kind"] = random.choice(["red", "blue", "red", 1])
    return made


def document(random):
    """What a case says of its input: {"data": ...}, or {} for none."""
    pick = random.random()
    if pick < 0.02:
        return {}
    if pick < 0.08:
        return {"data": anything(random, 3)}
    if pick < 0.12:
        return {"data": [of_shape(random, "root", 2) for _ in range(2)]}
    return {"data": of_shape(random, "root")}
