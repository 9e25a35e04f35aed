// What a page says of its visitor, made into what the chat takes. sdk.js loads it when a page says something.

// The limits of the protocol, in bytes of UTF-8.
const ID = 128;
const NAME = 64;
const EMAIL = 254;
const FIELDS = 20;
const FIELD_NAME = 40;
const FIELD_VALUE = 256;
const TRACK_NAME = 64;
const TRACK_DETAIL = 256;

// What the chat has members of its own for.
const MEMBERS = { __proto__: null, name: NAME, email: EMAIL };

const isObject = (value) => typeof value === "object" && value !== null;

const escape = (char) => (char < " " ? "\\u00" + char.charCodeAt(0).toString(16).padStart(2, "0") : "\\" + char);

// JSON, as browsers write it by themselves: some libraries teach them to write texts, lists and dates otherwise.
export const json = (value) => {
  if (typeof value === "string") return '"' + value.replace(/[\0-\x1f"\\]/g, escape) + '"';
  if (typeof value === "number") return isFinite(value) ? String(value) : "null";
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value !== "object") return undefined;
  if (Array.isArray(value)) return "[" + [...value].map((one) => json(one) ?? "null").join(",") + "]";
  if (typeof value.toISOString === "function") return isNaN(value) ? "null" : json(value.toISOString());
  if (typeof value.toJSON === "function") return json(value.toJSON());
  const members = Object.entries(value).map(([name, value]) => [json(name), json(value)]);
  return "{" + members.filter(([, value]) => value !== undefined).map((member) => member.join(":")).join(",") + "}";
};

// Any value as a text; what has none takes the field away.
const text = (value) => {
  if (value == null) return "";
  try {
    return value.toISOString?.() ?? (isObject(value) ? json(value) ?? "" : String(value));
  } catch {
    return String(value); // a date that is none, or an object that contains itself
  }
};

// Cut between two characters; half a character becomes a mark.
const cut = (value, bytes, what, warn) => {
  const whole = text(value);
  const room = new Uint8Array(bytes);
  const { read, written } = new TextEncoder().encodeInto(whole, room);
  if (read < whole.length) warn(what + " has more than " + bytes + " bytes; the rest is left out.");
  return new TextDecoder().decode(room.subarray(0, written));
};

const profile = (attributes, warn) => {
  const said = { fields: {} };
  let count = 0;
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name in MEMBERS) {
      said[name] = cut(value, MEMBERS[name], name, warn);
    } else if (!name.trim()) {
      warn("a field needs a name.");
    } else if (count++ < FIELDS) {
      said.fields[cut(name, FIELD_NAME, "the name of the field " + name.slice(0, 20), warn)] = cut(value, FIELD_VALUE, name, warn);
    } else {
      warn("of more than " + FIELDS + " fields the others are left out: " + name + " is one of them.");
    }
  }
  return said;
};

// identify(id, attributes, hash), or all of it in one object.
const identify = (sdk, [first, attributes, proof], warn) => {
  const { id, hash, ...others } = isObject(first) ? first : { ...attributes, id: first, hash: proof ?? attributes?.hash };
  const name = typeof id === "number" || typeof id === "bigint" ? String(id) : id;
  if (typeof name !== "string" || !name || new TextEncoder().encode(name).length > ID) {
    return warn("identify takes an id of 1 to " + ID + " bytes. Whoever is nobody in particular needs no identify; who leaves, logout.");
  }
  const said = profile(others, warn);
  const learn = (hash) => {
    const identity = { id: name, hash: hash ? text(hash) : undefined };
    // Taken off the page in the meantime, the chat hears it when it is back.
    if (!sdk.chat) return void sdk.waiting.push(["identify", [{ ...others, ...identity }]]);
    sdk.chat.call("learn", json({ who: name, identity, profile: said }));
  };
  if (typeof hash !== "function" && typeof hash?.then !== "function") return learn(hash);
  // Whoever was here before leaves at once, however long the site's server takes for its proof.
  sdk.chat.call("expect", name);
  const held = (sdk.held = []);
  const ask = async () => (typeof hash === "function" ? hash(name) : hash);
  const asked = ask().catch((error) => {
    sdk.fail("identify got no hash from your server; without it the server does not take the visitor for " + name + ".", error);
  });
  asked.then((hash) => {
    // Not after a logout.
    if (sdk.held === held) learn(hash);
    sdk.release(held);
  });
};

// One call of the page, once the chat is on it.
export const say = (sdk, name, args, warn) => {
  const [value, detail] = args;
  if (name === "identify") return identify(sdk, args, warn);
  if (name === "setMetadata") {
    if (!isObject(value)) return warn("setMetadata takes an object, such as { plan: \"pro\" }.");
    return sdk.chat.call("learn", json({ profile: profile(value, warn) }));
  }
  if (typeof value !== "string" || !value.trim()) return warn("track takes a name, and perhaps a text or an object.");
  const step = cut(value.trim(), TRACK_NAME, "the name of what is tracked", warn).replace(/\n/g, " ");
  sdk.chat.call("track", step + "\n" + cut(detail, TRACK_DETAIL, "the detail of " + step, warn));
};
