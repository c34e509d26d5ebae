// What every client's script shares; see ../scripts/checks.py.
export const URL = process.env.EXPERTSERVE_URL;
export const V1 = `${URL}/v1`;
export const MODEL = "sql";
export const KEY = "none";
export const QUESTION = "How many lighthouses are in Norway?";
export const ANSWER = "SELECT COUNT(*) FROM lighthouses";
export const COUNTRY = "Name a country.";
export const WEATHER = "What is the weather in Norway?";
export const LONG = "x ".repeat(20000);

export function same(found, wanted) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${a} is not ${b}`);
}

export async function fails(call, words) {
  let made;
  try {
    made = await call();
  } catch (error) {
    const text = `${error.message} ${error.cause?.message ?? ""} ${error.responseBody ?? ""} ${error.lastError?.message ?? ""}`;
    if (!text.includes(words)) throw new Error(`${words} is not in ${text.slice(0, 300)}`);
    return;
  }
  throw new Error(`it answered: ${JSON.stringify(made)}`.slice(0, 300));
}

export async function run(checks) {
  for (const [check, work] of Object.entries(checks)) {
    const told = { check, ok: true };
    try {
      await work();
    } catch (error) {
      Object.assign(told, { ok: false, why: `${error.name}: ${error.message}`.slice(0, 300) });
      console.error(error);
    }
    console.log(JSON.stringify(told));
  }
}
