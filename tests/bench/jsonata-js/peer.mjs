// bench_mapping (../mapping_main.cpp) with jsonata-js: the same cases and the same answers.
//
//   node peer.mjs CASES [--case NAME] [--seconds S] [--whole]
import fs from "node:fs";
import jsonata from "jsonata";

const [cases, ...words] = process.argv.slice(2);
const value = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
const only = value("--case");
const seconds = Number(value("--seconds") ?? 0.5);
const whole = words.includes("--whole");

async function nanosecondsOf(once, times) {
  const from = process.hrtime.bigint();
  for (let i = 0; i < times; ++i) await once();
  return Number(process.hrtime.bigint() - from);
}

async function measured(once) {
  const wanted = (seconds * 1e9) / 5;
  let times = 1;
  let took = await nanosecondsOf(once, times);
  while (took < wanted / 4) {
    times *= 2;
    took = await nanosecondsOf(once, times);
  }
  // What takes longer than all rounds together has been measured.
  if (took > 5 * wanted) return took / times;
  times = Math.max(1, Math.floor(wanted / (took / times)));
  let best = Infinity;
  for (let round = 0; round < 5; ++round) best = Math.min(best, await nanosecondsOf(once, times));
  return best / times;
}

for (const line of fs.readFileSync(cases, "utf8").split("\n")) {
  if (!line) continue;
  const { name, expr, data } = JSON.parse(line);
  if (only !== undefined && name !== only) continue;
  const text = JSON.stringify(data);
  const answer = { name };
  try {
    const compiled = jsonata(expr);
    const once = whole
      ? async () => JSON.stringify(await compiled.evaluate(JSON.parse(text)))
      : () => compiled.evaluate(data);
    let result;
    const keep = async () => { result = await once(); };
    answer.ns = await measured(keep);
    answer.result = whole && result !== undefined ? JSON.parse(result) : result;
  } catch (why) {
    answer.error = why.code ?? String(why);
  }
  console.log(JSON.stringify(answer));
}
