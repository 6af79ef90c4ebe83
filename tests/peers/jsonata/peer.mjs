// `busway eval --cases` with jsonata-js: a line {"expr", "data", "bindings"} in, a line of outcome out.
//
//   node peer.mjs CASES
//
// An outcome is {"result": ...}, {"undefined": true} or {"error": CODE}; besides, {"crash": TEXT} when JavaScript itself objects,
// {"slow": true} after the time limit of a case, and "not_json": true beside a result that JSON cannot hold (NaN, Infinity).
import fs from "node:fs";
import jsonata from "jsonata";

const LIMIT = 2000; // ms

async function outcome({ expr, data, bindings }) {
  try {
    const expression = jsonata(expr);
    const end = Date.now() + LIMIT;
    expression.assign(Symbol.for("jsonata.__evaluate_entry"), () => {
      if (Date.now() > end) throw { slow: true };
    });
    const result = await expression.evaluate(data, bindings);
    if (result === undefined) return { undefined: true };
    let whole = true;
    const text = JSON.stringify(result, (_, value) => {
      if (typeof value === "number" && !Number.isFinite(value)) whole = false;
      const callable = typeof value === "function" || value?._jsonata_lambda || value?._jsonata_function;
      return callable ? "" : value;
    });
    return { result: JSON.parse(text), ...(whole ? {} : { not_json: true }) };
  } catch (why) {
    if (why.slow) return { slow: true };
    return why.code && /^[A-Z]\d{4}$/.test(why.code) ? { error: why.code } : { crash: String(why.message ?? why) };
  }
}

for (const line of fs.readFileSync(process.argv[2], "utf8").split("\n")) {
  if (line) fs.writeSync(1, JSON.stringify(await outcome(JSON.parse(line))) + "\n");
}
