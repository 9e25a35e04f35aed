// What somebody may have meant by a name that there is not. sdk.js loads it when there is one.

// How many letters must be changed to make one word of the other.
const distance = (a, b) => {
  let row = [...b, 0].map((_, at) => at);
  for (const [key, letter] of Object.entries([...a])) {
    const at = Number(key);
    let corner = row[0];
    row[0] = at + 1;
    for (let to = 1; to <= b.length; to++) {
      const change = corner + (letter !== b[to - 1]);
      corner = row[to];
      row[to] = Math.min(change, row[to] + 1, row[to - 1] + 1);
    }
  }
  return row[b.length];
};

export const hint = (kind, name, known) => {
  const near = known.map((word) => [distance(String(name).toLowerCase(), word.toLowerCase()), word]).sort((a, b) => a[0] - b[0]);
  const [far, word] = near[0];
  const guess = far <= Math.max(2, word.length / 3) ? "did you mean " + word + "?" : "there are " + known.join(", ") + ".";
  return "there is no " + kind + " " + JSON.stringify(String(name)) + "; " + guess;
};
