// What the chat says in a language, and how days, times and numbers are written in it.

// The languages in locales/, and those from right to left.
export const LOCALES = ["en", "zh-Hans", "zh-Hant", "es", "fr", "de", "pt", "ja", "ar", "ru"];
export const RIGHT_TO_LEFT = ["ar"];

// Made when it is first asked for: browsers take their time over each of these.
const later = (make) => {
  let made;
  return () => (made ??= make());
};

// The first of these language tags that there are words for, with the file's name.
export const choose = (tags) => {
  for (const tag of tags) {
    try {
      const { language, script } = new Intl.Locale(tag).maximize();
      const file = LOCALES.find((name) => name === language || name === language + "-" + script);
      if (file) return { tag, file };
    } catch {
      // A tag that is none.
    }
  }
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
