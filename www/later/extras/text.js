// What stands in a message: links and code, as nodes. Pure but for `nodes`; whatever comes in, all of it comes out as
// text again, and nothing becomes markup.

// Longer addresses are shown, and lead nowhere: browsers differ in what they do with them.
const LONGEST = 2048;
// Where an address may begin. What it begins with must not be the end of a word.
const BEGINNING = /https?:\/\/|mailto:|www\.(?=[^.])/gi;
const WORDLY = /[a-z0-9_@.-]/i;
// A word with more beginnings than this is no address.
const BEGINNINGS = 8;
// What ends an address: quotes, stops of scripts without spaces, and what turns the reading direction or is unseen.
const END = /[\s<>"`^|\\{}“”„‟«»‹›「」『』【】《》（）。，、！？；：\p{Cc}\p{Cf}]/u;
const TRAILING = /[.,;:!?'’*_~…\u060c\u061b\u061f]/;
const OPENING = { ")": "(", "]": "[" };
const ADDRESS = /^[\w.+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,9}$/u;

// Without the punctuation and the brackets that belong to the sentence around it.
const trim = (text) => {
  const count = {};
  for (const letter of text) count[letter] = (count[letter] ?? 0) + 1;
  let end = text.length;
  for (; end > 0; end--) {
    const last = text[end - 1];
    const opening = OPENING[last];
    const isOpen = last === "(" || last === "[";
    const isAlone = opening && count[last] > (count[opening] ?? 0);
    if (!isAlone && !isOpen && !TRAILING.test(last)) break;
    count[last]--;
  }
  return text.slice(0, end);
};

// Where a text leads; nothing where it leads nowhere that can be told by looking at it.
const target = (text) => {
  if (text.length > LONGEST) return;
  if (ADDRESS.test(text)) return "mailto:" + text;
  try {
    const url = new URL(/^www\./i.test(text) ? "https://" + text : text);
    // Nothing is written into the mail, or sent to others, behind the visitor's back.
    if (url.protocol === "mailto:") return ADDRESS.test(decodeURI(url.pathname)) && !url.search && !url.hash ? url.href : undefined;
    // A name before the host looks like the host: https://bank.example@evil.example
    const isPlain = /^https?:$/.test(url.protocol) && url.hostname && !url.username && !url.password;
    // One word of our own is no host that anybody means, unless it is on this machine.
    return isPlain && /[.:]|^localhost$/.test(url.hostname) ? url.href : undefined;
  } catch {
    return undefined;
  }
};

// The address that begins at `from`, as it is written.
const address = (text, from) => {
  let end = from;
  for (const letter of text.slice(from, from + LONGEST + 1)) {
    if (END.test(letter)) break;
    end += letter.length;
  }
  return trim(text.slice(from, end));
};

// Links of one text without code.
const links = (text) => {
  const found = [];
  let done = 0;
  const take = (from, written) => {
    const href = target(written);
    if (!href) return;
    if (from > done) found.push({ text: text.slice(done, from) });
    found.push({ text: written, href });
    done = from + written.length;
  };
  // Words one by one, since an address of a person begins nowhere in particular.
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    let begun = 0;
    for (const { index: at } of word.matchAll(BEGINNING)) {
      if (begun === BEGINNINGS) break;
      const before = word.slice(0, at).slice(-1);
      if (index + at < done || (before && WORDLY.test(before))) continue;
      begun++;
      take(index + at, address(text, index + at));
    }
    if (begun || word.length > 320 || !word.includes("@")) continue;
    const lead = /^[([<"'“„«]*/.exec(word)[0].length;
    take(index + lead, trim(word.slice(lead).split(/[>"'”“»]/)[0]));
  }
  if (done < text.length) found.push({ text: text.slice(done) });
  return found;
};

// Links and `code` of one text without blocks.
const inline = (text) => {
  const found = [];
  const parts = text.split(/(`[^`\n]+`)/);
  parts.forEach((part, at) => {
    if (at % 2) found.push({ text: "`", kind: "mark" }, { text: part.slice(1, -1), kind: "code" }, { text: "`", kind: "mark" });
    else if (part) found.push(...links(part));
  });
  return found;
};

// A text in pieces, in order: `{ text }` as it stands, with `href` a link, with `kind` "code" or "block" in one width, or
// "mark" for what is not shown. Together the texts are the whole.
export const pieces = (text) => {
  const parts = text.split("```");
  // The last fence of an odd number opens nothing.
  if (parts.length % 2 === 0) parts.push(parts.splice(-2).join("```"));
  const found = [];
  const mark = (text) => text && found.push({ text, kind: "mark" });
  parts.forEach((part, at) => {
    if (at % 2 === 0) {
      // A block begins and ends its own lines.
      const head = at > 0 && part.startsWith("\n") ? 1 : 0;
      const tail = at < parts.length - 1 && part.length > head && part.endsWith("\n") ? 1 : 0;
      mark(part.slice(0, head));
      const middle = part.slice(head, part.length - tail);
      if (middle) found.push(...inline(middle));
      return mark(part.slice(part.length - tail));
    }
    const language = /^[\w+#.-]*\n/.exec(part)?.[0] ?? "";
    const code = part.slice(language.length);
    const end = code.length > 1 && code.endsWith("\n") ? 1 : 0;
    mark("```" + language);
    if (code) found.push({ text: code.slice(0, code.length - end), kind: "block" });
    mark((end ? "\n" : "") + "```");
  });
  return found.filter((piece) => piece.text);
};

// The pieces as nodes.
export const nodes = (text) =>
  pieces(text).map(({ text, href, kind }) => {
    if (!href && !kind) return document.createTextNode(text);
    const node = document.createElement(href ? "a" : kind === "mark" ? "span" : "code");
    node.textContent = text;
    if (kind) node.className = kind;
    if (href) Object.assign(node, { href, target: "_blank", rel: "noopener noreferrer nofollow" });
    return node;
  });
