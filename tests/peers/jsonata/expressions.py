"""Generated JSONata: the whole language of docs.jsonata.org, mostly of fitting kinds, sometimes not.

    Expressions(random.Random(7)).expression()

An expression of a kind (`num`, `str`, `bool`, `arr`, `obj`, `fn`, `any`) is asked for, and one time in twelve another kind is given:
functions and operators meet wrong arguments, too. Paths follow documents.SHAPES. Nothing that depends on the clock or on chance is
made ($now, $millis, $random, and the order of $shuffle).
"""

import json

from documents import NUMBERS, SHAPES, STRINGS

# Arguments as kinds; `?` may be left out. Literal choices stand in PICKS.
FUNCTIONS = {
    "num": {
        "sum": "nums", "count": "arr", "max": "nums", "min": "nums", "average": "nums", "length": "str", "number": "any", "abs": "num",
        "floor": "num", "ceil": "num", "round": "num digits?", "power": "num num", "sqrt": "num", "parseInteger": "words int_picture",
        "toMillis": "time time_picture?",
    },
    "str": {
        "string": "any bool?", "substring": "str index index?", "substringBefore": "str str", "substringAfter": "str str",
        "uppercase": "str", "lowercase": "str", "trim": "str", "pad": "str width str?", "join": "strs str?", "replace": "str pattern swap index?",
        "formatNumber": "num num_picture num_options?", "formatBase": "num radix?", "formatInteger": "num int_picture",
        "fromMillis": "millis time_picture? zone?", "base64encode": "str", "base64decode": "base64", "encodeUrlComponent": "str",
        "encodeUrl": "str", "decodeUrlComponent": "url", "decodeUrl": "url", "type": "any", "error": "str?",
    },
    "bool": {"contains": "str pattern", "boolean": "any", "not": "any", "exists": "any", "assert": "bool str?"},
    "arr": {
        "split": "str pattern index?", "match": "str regex index?", "append": "any any", "reverse": "arr", "distinct": "arr", "sort": "arr less?",
        "zip": "arr arr?", "keys": "obj", "spread": "obj", "map": "arr fn", "filter": "arr test", "each": "obj fn",
    },
    "obj": {"merge": "objs", "sift": "obj test"},
    "any": {"lookup": "obj key", "single": "arr test?", "reduce": "arr fold any?", "eval": "code any?", "clone": "obj"},
}
PICKS = {
    "digits": ["0", "1", "2", "-1", "-2", "3", "0.5"],
    "index": ["0", "1", "2", "3", "-1", "-2", "100", "1.5"],
    "width": ["0", "5", "-5", "12", "-12", "1"],
    "radix": ["2", "8", "16", "36", "10", "1", "37", "2.5"],
    "pattern": ['","', '""', '"a"', '" "', '"b"', "/a/", "/[a-c]+/", "/\\s+/", "/(a)(b)?/", "/A/i", "/^./m", "/x*/", '"\\ud83d\\ude00"', "/o|l+/"],
    "regex": ["/a/", "/[a-c]+/", "/(a)(b)?/", "/(\\w)(\\d*)/", "/L+/i", "/^\\w/m", "/./", "/a|(b)/", "/x*/", "/[^a-z]{1,3}?/"],
    "swap": ['"x"', '""', '"$1"', '"$0-$2"', '"$$"', '"[$12]"', "function($m){ $uppercase($m.match) }", "function($m){ $m.groups[0] & '.' }",
             "$uppercase", "function($m){ 1 }"],
    "num_picture": ['"#,##0.00"', '"0"', '"#0.###"', '"00.000"', '"#,###"', '"0.0e0"', '"#.00e00"', '"#0%"', '"0‰"', '"0;(0)"', '"$#,##0.00;-0"',
                    '"##,##,##0"', '"#"', '""', '"0.0.0"', '"#0#"', '"00e0;x"', '"٠,٠٠٠"', '"abc"', '"0,0,00.0#"', '".00"', '"#,##0,.0"'],
    "num_options": ['{"decimal-separator": ","}', '{"grouping-separator": "."}', '{"minus-sign": "~"}', '{"zero-digit": "٠"}', '{"percent": "pc"}',
                    '{"decimal-separator": ",", "grouping-separator": "."}', '{"exponent-separator": "E"}', '{}', '{"infinity": "inf"}'],
    "int_picture": ['"w"', '"W"', '"Ww"', '"I"', '"i"', '"a"', '"A"', '"0"', '"001"', '"#,##0"', '"1;o"', '"w;o"', '"Ww;o"', '"##,00,000"', '"#"', '"0;x"',
                    '"٠"', '""', '"①"', '"0,0"', '"0:00"', '"#;#"'],
    "words": ['"twelve"', '"One hundred and five"', '"XIV"', '"iv"', '"12"', '"012"', '"1,234"', '"3rd"', '"twenty-first"', '"zz"', '"B"',
              '"two thousand, three hundred and four"', '"one million"'],
    "time": ['"2018-03-23T10:33:36.617Z"', '"1970-01-01T00:00:00.000Z"', '"2000-02-29"', '"2018"', '"2018-03"', '"2018-03-23T10:33:36+01:00"', '"23/03/2018"',
             '"March 23, 2018"', '"2018-W12-5"', '"10:33pm 23 03 2018"', '"2018-082"', '"now"', '""', '"MMXVIII-III-23"', '"2018-02-30"', '"1900-01-01"'],
    "time_picture": ['"[Y0001]-[M01]-[D01]"', '"[D01]/[M01]/[Y0001]"', '"[MNn] [D], [Y]"', '"[H01]:[m01]:[s01].[f001]"', '"[FNn], [D1o] [MNn] [Y]"',
                     '"[h#1]:[m01][P] [D] [M01] [Y]"', '"[X0001]-W[W01]-[F1]"', '"[Y]-[d001]"', '"[YI]-[MI]-[D]"', '"[Y,2-2][M01]"', '"[FN,3-3] [MN,*-3]"',
                     '"[Y]-[M]-[D]T[H]:[m]:[s][Z]"', '"[z]"', '"[H00] [Z0101t]"', '"[[x]] [Y]"', '"[Yw]"', '"[w] [x]"', '"[E]"', '"[Q]"', '"[Y0001"', '"[DWwo]"',
                     '"[C] [Pn] [PN]"', '"[f] [f01] [f00001]"', '"[Z01:01] [z0]"', '"[M1,2]"', '"[F0] [FNn,3-3]"', '""', '"[Y0001][M01][D01][H01]"'],
    "millis": ["0", "1521801216617", "-1", "951782400000", "1e12", "253402300799999", "-62135596800000", "1.5", "1514764799999", "1546300800000"],
    "zone": ['"+0100"', '"-0500"', '"+0530"', '"0000"', '"+14"', '"Z"', '"+1"', '"x"', '"+05:30"'],
    "base64": ['"aGVsbG8="', '"aGVsbG8"', '"%%"', '""', '"w6k="', '"AAEC"'],
    "url": ['"%3Fx%3D1"', '"%E0%A4%A"', '"a%20b+c"', '"%F0%9F%98%80"', '"http://a/%C3%A9?q=1#f"', '"%"', '""'],
    "code": ['"1+2"', '"$"', '"n"', '"[1,2"', '"$sum([1,2])"', '"items.qty"', '""', '"x := 1"', '"function($x){$x*2}(4)"'],
    "key": ['"a"', '"n"', '"odd name"', '"sku"', '"x"', '""'],
}


class Expressions:
    def __init__(self, random):
        self.random = random
        self.variables = []

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def expression(self):
        self.variables = []
        depth = self.random.choice([1, 2, 2, 3, 3, 4])
        return self.of("any", "root", depth)

    # An expression of `kind` where `shape` is the context.
    def of(self, kind, shape, depth):
        if self.chance(0.08):
            kind = self.pick("num", "str", "bool", "arr", "obj", "fn", "any")
        if kind == "any":
            kind = self.pick("num", "str", "bool", "arr", "arr", "obj", "path", "path", "path", "path", "block", "chain", "transform", "group")
        if kind in PICKS:
            return self.random.choice(PICKS[kind]) if self.chance(0.92) else self.of("any", shape, depth - 1)
        if self.variables and self.chance(0.15):
            return "$" + self.random.choice(self.variables)
        if depth <= 0:
            return self.leaf(kind, shape)
        return getattr(self, "make_" + kind)(shape, depth)

    def leaf(self, kind, shape):
        if kind in ("num", "nums") and self.chance(0.5):
            number = self.random.choice(NUMBERS if self.chance(0.3) else NUMBERS[:16])
            return json.dumps(number) if kind == "num" else f"[{number}, {self.random.choice(NUMBERS[:16])}]"
        if kind in ("str", "strs") and self.chance(0.5):
            text = json.dumps(self.random.choice(STRINGS))
            return text if kind == "str" else f"[{text}, \"b\"]"
        if kind == "bool" and self.chance(0.5):
            return self.pick("true", "false")
        if kind in ("arr", "objs"):
            return self.pick("[]", "[1,2,3]", "[1..4]", "items", "nums", "people", "tags[]", "grid", "**", "[3,1,2]", '["b","a"]', "[{\"a\":1},{\"a\":2,\"b\":null}]")
        if kind == "obj":
            return self.pick("{}", '{"a":1}', "$", "items[0]", "deep", "deep.b", '{"a":null,"b":[1]}', "people[0]", '{"b":2,"a":{"n":1}}')
        if kind in ("fn", "test", "fold", "less"):
            return self.make_fn(shape, 0)
        if self.chance(0.06):
            return "null"
        return self.name(shape)

    def name(self, shape):
        if self.chance(0.1):
            return self.pick("missing", "`odd name`", "a", "n", "$", "$$", "*", "\"s\"", "%")
        name = self.random.choice(list(SHAPES.get(shape) or SHAPES["root"]))
        return f"`{name}`" if " " in name else name

    # Function calls

    def call(self, kind, shape, depth):
        name, wanted = self.random.choice(list(FUNCTIONS[kind].items()))
        arguments = []
        for one in wanted.split():
            if one.endswith("?") and self.chance(0.5):
                break
            arguments.append(self.of(one.rstrip("?"), shape, depth - 1))
        if self.chance(0.04) and arguments:
            arguments.pop(0)
        if self.chance(0.03):
            arguments.append(self.of("any", shape, 0))
        if arguments and self.chance(0.08):
            return f"{arguments[0]} ~> ${name}({', '.join(arguments[1:])})"
        if arguments and self.chance(0.04):
            at = self.random.randrange(len(arguments))
            held, arguments[at] = arguments[at], "?"
            return f"${name}({', '.join(arguments)})({held})"
        return f"${name}({', '.join(arguments)})"

    def make_num(self, shape, depth):
        pick = self.random.random()
        if pick < 0.35:
            return f"{self.operand('num', shape, depth)} {self.pick('+', '-', '*', '/', '%')} {self.operand('num', shape, depth)}"
        if pick < 0.4:
            return f"-{self.operand('num', shape, depth)}"
        if pick < 0.75:
            return self.call("num", shape, depth)
        return self.shared("num", shape, depth)

    def make_nums(self, shape, depth):
        return self.pick("nums", "items.qty", "items.price", "[1..5]", "**.n", "people.age", "grid", f"[{self.of('num', shape, depth - 1)}, 2]",
                         f"items.({self.of('num', 'item', depth - 1)})")

    def make_strs(self, shape, depth):
        return self.pick("tags", "items.sku", "people.first", "**.s", f"[{self.of('str', shape, depth - 1)}, \"z\"]", f"$keys({self.of('obj', shape, 0)})")

    def make_objs(self, shape, depth):
        return self.pick("items", "people", f"[{self.of('obj', shape, depth - 1)}, {self.of('obj', shape, depth - 1)}]", f"$spread({self.of('obj', shape, 0)})")

    def make_str(self, shape, depth):
        pick = self.random.random()
        if pick < 0.25:
            return f"{self.operand('any', shape, depth - 1)} & {self.operand('str', shape, depth)}"
        if pick < 0.8:
            return self.call("str", shape, depth)
        return self.shared("str", shape, depth)

    def make_bool(self, shape, depth):
        pick = self.random.random()
        if pick < 0.35:
            kind = self.pick("num", "num", "str", "any")
            return f"{self.operand(kind, shape, depth)} {self.pick('=', '!=', '<', '<=', '>', '>=')} {self.operand(kind, shape, depth)}"
        if pick < 0.5:
            return f"{self.operand('bool', shape, depth)} {self.pick('and', 'or')} {self.operand('bool', shape, depth)}"
        if pick < 0.6:
            return f"{self.operand('any', shape, depth)} in {self.operand('arr', shape, depth)}"
        if pick < 0.85:
            return self.call("bool", shape, depth)
        return self.shared("bool", shape, depth)

    # What any kind can be: a choice, a default, a call of a lambda, a block, an item of an array.
    def shared(self, kind, shape, depth):
        one = lambda: self.of(kind, shape, depth - 1)  # noqa: E731
        pick = self.random.randrange(7)
        if pick == 0:
            return f"({self.of('bool', shape, depth - 1)} ? {one()} : {one()})"
        if pick == 1:
            return f"({self.of('bool', shape, depth - 1)} ? {one()})"
        if pick == 2:
            return f"({self.of('any', shape, depth - 1)} {self.pick('??', '?:')} {one()})"
        if pick == 3:
            return self.make_path(shape, depth)
        if pick == 4:
            return self.make_block(shape, depth)
        if pick == 5:
            return f"{self.make_fn(shape, depth)}({one()})"
        return f"[{one()}, {one()}][{self.pick('0', '1', '-1', '2')}]"

    # In brackets, unless it cannot be misread.
    def operand(self, kind, shape, depth):
        text = self.of(kind, shape, depth - 1)
        return text if text.isalnum() or self.chance(0.1) else f"({text})"

    # Arrays and objects

    def make_arr(self, shape, depth):
        pick = self.random.random()
        if pick < 0.12:
            return f"[{', '.join(self.of('any', shape, depth - 1) for _ in range(self.random.randrange(4)))}]"
        if pick < 0.2:
            return f"[{self.pick('0', '1', '-2', '1.5', 'n')}..{self.pick('0', '3', '5', '-1', '10', 'n', self.of('num', shape, 0))}]"
        if pick < 0.3:
            return f"[{self.pick('1..3', '2..1')}, {self.of('any', shape, depth - 1)}]"
        if pick < 0.65:
            return self.call("arr", shape, depth)
        return self.shared("arr", shape, depth)

    def make_obj(self, shape, depth):
        pick = self.random.random()
        if pick < 0.45:
            members = [f"{self.member_key(shape, depth)}: {self.of('any', shape, depth - 1)}" for _ in range(self.random.randrange(4))]
            return "{" + ", ".join(members) + "}"
        if pick < 0.6:
            return self.call("obj", shape, depth)
        return self.shared("obj", shape, depth)

    def member_key(self, shape, depth):
        return json.dumps(self.pick("a", "b", "n", "x", "odd name", "é")) if self.chance(0.85) else self.of("str", shape, depth - 1)

    def make_group(self, shape, depth):
        name = self.pick("items", "people", "items.part", "nums")
        inner = {"items": "item", "people": "person", "items.part": "part", "nums": "any"}[name]
        key = self.pick("kind", "sku", "$string(qty)", "first", "s", "$string($)", self.of("str", inner, 0))
        more = f", {json.dumps(self.pick('z', 'red'))}: {self.of('any', inner, depth - 1)}" if self.chance(0.2) else ""
        return f"{name}{{{key}: {self.of('any', inner, depth - 1)}{more}}}"

    def make_any(self, shape, depth):
        return self.call("any", shape, depth) if self.chance(0.5) else self.make_path(shape, depth)

    # Paths

    def make_path(self, shape, depth):
        if self.chance(0.12):
            return self.call("any", shape, depth)
        steps, here = [], shape
        for at in range(self.random.choice([1, 2, 2, 3])):
            step, here = self.step(here, depth, first=at == 0)
            steps.append(step)
        return ".".join(steps)

    def step(self, shape, depth, first):
        pick = self.random.random()
        if pick < 0.72 or not first and pick < 0.76:
            members = SHAPES.get(shape) or SHAPES[self.pick("root", "item", "part")]
            name, inner = self.random.choice(list(members.items())) if not self.chance(0.06) else ("missing", "any")
            many = [(name, inner) for name, inner in members.items() if inner.rstrip("*") in SHAPES]
            if many and self.chance(0.55):
                name, inner = self.random.choice(many)
            inner = inner.rstrip("*")
            return (f"`{name}`" if " " in name else name) + self.suffixes(inner, depth), inner
        if pick < 0.8:
            return self.pick("*", "**") + self.suffixes("any", depth), self.pick("item", "part", "deep")
        if pick < 0.84:
            return "%" + ("" if first else self.pick("", ".%")), self.pick("root", "item", "deep")
        if pick < 0.88:
            return self.pick("$", "$$", "(items)", "(people)", "[items, people]"), self.pick("root", "item", "person")
        if pick < 0.93:
            return f"({self.of('any', shape, depth - 1)})" + self.suffixes("any", depth), "any"
        if pick < 0.95:
            return "{" + f"\"n\": {self.of('num', shape, depth - 1)}, \"s\": {self.of('any', shape, depth - 1)}" + "}", "part"
        if pick < 0.97:
            return f"[{self.of('any', shape, depth - 1)}]", "any"
        if first:
            return self.make_arr(shape, depth), "any"
        return self.pick("$string()", "$uppercase()", "$length()", "$type($)", "$sum(qty)", "$keys()", "$number()"), "any"

    def suffixes(self, shape, depth):
        text = ""
        while self.chance(0.3):
            pick = self.random.random()
            if pick < 0.3:
                text += f"[{self.pick('0', '1', '-1', '2', '[0,1]', '[0..1]', '-3', '1.5', '$')}]"
            elif pick < 0.55:
                text += f"[{self.of('bool', shape, max(0, depth - 1))}]"
            elif pick < 0.65:
                text += "[]"
            elif pick < 0.78:
                terms = [self.pick("", "<", ">") + self.of(self.pick("num", "str"), shape, 0) for _ in range(self.pick(1, 1, 2))]
                text += f"^({', '.join(terms)})"
            elif pick < 0.89:
                self.variables.append("i")
                text += "#$i"
            else:
                self.variables.append("f")
                text += "@$f"
        return text

    # Functions, blocks, chains, transforms

    def make_fn(self, shape, depth):
        pick = self.random.random()
        if pick < 0.15:
            return self.pick("$string", "$uppercase", "$sum", "$count", "$boolean", "$not", "$length", "$type", "$exists", "$number", "$keys", "$reverse")
        if pick < 0.25:
            return self.pick("$substring(?, 1)", "$power(?, 2)", "$append(?, [9])", "$pad(?, 5, '*')", "$join(?, '-')", "$round(?, 1)", "$lookup(?, 'a')", "$map(?, $string)")
        if pick < 0.32:
            return self.pick("($uppercase ~> $trim)", "($string ~> $length)", "function($x)<n:n>{ $x + 1 }", "function($x, $y)<s-s:s>{ $x & $y }", "function($x)<a<n>:n>{ $sum($x) }",
                             "function($x)<(ns)-:x>{ $x }", "function($x)<o?:x>{ $x }", "/a/")
        names = self.random.sample(["x", "y", "k", "v"], self.pick(1, 1, 1, 2, 2, 3, 0))
        outside = list(self.variables)
        self.variables += names
        body = self.of("any", "item", depth - 1) if depth > 0 and self.chance(0.5) else self.small_body(names)
        self.variables = outside
        return f"{self.pick('function', 'λ')}({', '.join('$' + name for name in names)}){{ {body} }}"

    def small_body(self, names):
        if not names:
            return self.pick("1", "$", '"x"')
        first, last = "$" + names[0], "$" + names[-1]
        return self.pick(first, last, f"{first} * 2", f"{first} & {last}", f"{first} > {last}", f"[{first}, {last}]", f"{{\"a\": {first}}}", f"{first}.n", f"{last} = 1",
                         f"{first} = {last}", f"$string({first})", f"{first}[0]", f"$type({last})", f"$count({last})")

    def make_test(self, shape, depth):
        return self.pick("function($x){ $x > 1 }", "function($x, $i){ $i < 2 }", "function($v, $k){ $k = 'a' }", "$boolean", "$exists", "function($x){ $x.qty > 1 }", "function($x, $i, $a){ $x = $a[0] }",
                         self.make_fn(shape, depth - 1))

    def make_fold(self, shape, depth):
        return self.pick("function($p, $x){ $p + $x }", "function($p, $x){ $p & $x }", "$append", "function($p, $x, $i){ $append($p, $i) }", "function($p, $x, $i, $a){ $count($a) + $i }",
                         "function($p, $x){ $x > $p ? $x : $p }", "function($p){ $p }", self.make_fn(shape, depth - 1))

    def make_less(self, shape, depth):
        return self.pick("function($l, $r){ $l > $r }", "function($l, $r){ $l.qty > $r.qty }", "function($l, $r){ $l < $r }", "function($l, $r){ false }", self.make_fn(shape, depth - 1))

    def make_block(self, shape, depth):
        outside = list(self.variables)
        parts = []
        for _ in range(self.pick(1, 1, 2)):
            name = self.pick("a", "b", "g", "total")
            value = self.make_fn(shape, depth - 1) if self.chance(0.2) else self.of("any", shape, depth - 1)
            parts.append(f"${name} := {value}")
            self.variables.append(name)
        if self.chance(0.15):
            parts.append(self.pick("$f := function($n){ $n <= 1 ? 1 : $n * $f($n - 1) }; $f(6)", "$t := function($n, $s){ $n = 0 ? $s : $t($n - 1, $s + $n) }; $t(200, 0)",
                                   "$e := function($n){ $n = 0 ? true : $o($n - 1) }; $o := function($n){ $n = 0 ? false : $e($n - 1) }; $e(7)",
                                   "$c := function($x){ function($y){ $x + $y } }; $c(2)(3)"))
        parts.append(self.of("any", shape, depth - 1))
        self.variables = outside
        comment = self.pick("", "", "", " /* of all */ ")
        return f"({'; '.join(parts)}{comment}{self.pick('', ';')})" if self.chance(0.95) else "()"

    def make_chain(self, shape, depth):
        text = self.of("any", shape, depth - 1)
        for _ in range(self.pick(1, 1, 2)):
            text += f" ~> {self.make_fn(shape, depth - 1)}" if self.chance(0.6) else " ~> " + self.pick(
                "$map($string)", "$filter(function($x){ $x > 1 })", "$sum()", "$join('-')", "|$|{\"new\": 1}|", "$count()", "$substring(0, 2)", "$append(1)", "$sort()", "$each($string)")
        return text

    def make_transform(self, shape, depth):
        place = self.pick("items", "people", "$", "items.part", "**", "deep", "items[0]", "missing", "people[age > 1]", "*", "deep.b", "nums")
        change = self.pick('{"new": 1}', '{"qty": qty * 2}', '{"n": $string(n)}', "{}", '{"a": %.n}', self.of("obj", "item", depth - 1))
        gone = self.pick("", "", ', "qty"', ', ["n", "kind"]', ", []", ", 1", f", {self.of('strs', 'item', 0)}")
        return f"{self.pick('$', '$', self.of('obj', shape, 0))} ~> |{place}|{change}{gone}|"
