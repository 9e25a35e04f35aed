// What the chat says in a language, and how days, times and numbers are written in it.

// Made when it is first asked for: browsers take their time over each of these.
const later = (make) => {
  let made;
  return () => (made ??= make());
};

// The words of a language, and the browser's ways of counting and dating in it.
export const learn = async ({ tag, file }) => {
  const answer = await fetch(new URL("locales/" + file + ".json", import.meta.url));
  if (!answer.ok) throw new Error("HTTP " + answer.status);
  return {
    file,
    words: await answer.json(),
    // The words' own plural, and the numbers and hours as they are written where the visitor is.
    plural: later(() => new Intl.PluralRules(file)),
    number: later(() => new Intl.NumberFormat(tag)),
    time: later(() => new Intl.DateTimeFormat(tag, { hour: "numeric", minute: "2-digit" })),
    date: later(() => new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" })),
    near: later(() => new Intl.RelativeTimeFormat(tag, { numeric: "auto" })),
  };
};

// How many midnights ago it was, where the visitor is.
export const daysAgo = (at) => {
  const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(Date.now()) - midnight(at)) / 864e5);
};
