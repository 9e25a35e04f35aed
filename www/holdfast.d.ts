// What a page can ask of Holdfast's chat. For TypeScript: keep this file in your project, or fetch it from your server
// as /holdfast.d.ts. It declares one global, `Holdfast`, and nothing else that exists at run time.

/** Options of the tag (`data-…`), of `boot` and of `update`. */
interface HoldfastOptions {
  /** Where the launcher stands; `right` without it. */
  position?: "right" | "left";
  /** `auto`, as without it, follows the visitor's system. */
  theme?: "auto" | "light" | "dark";
  /** The colour of launcher, header and the visitor's messages, as CSS writes it; made readable where it is not. */
  accent?: string;
  /** A BCP 47 tag, such as `de` or `pt-BR`; the visitor's own language without it. */
  locale?: string;
  /** The stacking order on the page; very high without it. */
  zIndex?: number | `${number}`;
}

/** Options that hold for as long as the chat is on the page. */
interface HoldfastBootOptions extends HoldfastOptions {
  /** The site's name, as in `holdfast site add`. */
  site?: string;
  /** `tab`: the visitor is known in this tab only, and nothing is left in localStorage. */
  identity?: "shared" | "tab";
}

/** A message of the visitor, once it is on the server's disk. */
interface HoldfastMessage {
  /** The message's id, a UUID. */
  readonly id: string;
  /** What was written; empty where the message is no longer at hand. */
  readonly text: string;
  /** When it came in; absent where the message is no longer at hand. */
  readonly at?: Date;
}

/** A message of an agent. */
interface HoldfastReceivedMessage extends HoldfastMessage {
  /** The agent's name; absent where there is none. */
  readonly name?: string;
}

/** A message that was not accepted. */
interface HoldfastFailedMessage {
  /** Empty for a text that never became a message. */
  readonly id: string;
  readonly text: string;
  /** Why, for people. */
  readonly reason: string;
}

/** What a field may be; it becomes a text, and nothing takes the field away. */
type HoldfastValue = string | number | bigint | boolean | Date | object | null | undefined;

/** What is known of a visitor: two of it have a place of their own, and there is room for 20 others. */
interface HoldfastMetadata {
  name?: string | null;
  email?: string | null;
  [field: string]: HoldfastValue;
}

/** HMAC-SHA256 of the id, which your server makes, or what gets it from there. */
type HoldfastHash = string | PromiseLike<string> | ((id: string) => string | PromiseLike<string>);

/** What `on` listens to, and what the listener gets. */
interface HoldfastEvents {
  /** The chat is on the page. Also for those who begin to listen later. */
  ready: {};
  /** The chat could not start, or the server refuses the page. */
  error: { readonly message: string };
  /** The panel was opened. */
  open: {};
  /** The panel was closed. */
  close: {};
  /** A message of this tab is on the server's disk. */
  "message:sent": HoldfastMessage;
  /** A message of the visitor is on an agent's screen. */
  "message:delivered": HoldfastMessage;
  /** An agent has seen a message of the visitor. */
  "message:read": HoldfastMessage;
  /** An agent wrote. Once for each message, not again after a reload. */
  "message:received": HoldfastReceivedMessage;
  /** A message was not accepted. */
  "message:failed": HoldfastFailedMessage;
  /** The number of unread messages has changed. */
  unread: { readonly count: number };
  /** The connection has changed. */
  connection: {
    readonly state: "connecting" | "online" | "offline" | "restarting" | "refused" | "paused";
  };
  /** An agent is there, or none is any more. */
  availability: { readonly online: boolean };
  /** The conversation has begun, or was opened again. */
  "chat:started": { readonly at: Date };
  /** An agent has closed the conversation. */
  "chat:ended": { readonly at: Date };
  /** The visitor has said how content they were, from 1, the worst, to 5. */
  csat: { readonly score: number; readonly comment?: string };
}

/** Every function may be called at any time: what comes too early is kept, and carried out in order. */
interface HoldfastApi {
  /** Puts the chat onto the page, once; on a page that has it, as `update`. */
  boot(options?: HoldfastBootOptions): void;
  /** Changes how the chat looks. */
  update(options: HoldfastOptions): void;
  /** Opens the panel. */
  open(): void;
  /** Closes the panel. */
  close(): void;
  /** Opens the panel, or closes it. */
  toggle(): void;
  /** Shows the launcher. */
  show(): void;
  /** Puts the launcher and the panel away; `open` still opens the panel. */
  hide(): void;
  /** Takes the chat off the page, without a trace. Nothing is forgotten: `boot` brings it back. */
  destroy(): void;
  /** Says who the visitor is: your own name for a person, what else you know, and your server's proof. */
  identify(id: string | number | bigint, metadata?: HoldfastMetadata | null, hash?: HoldfastHash): void;
  /** The same in one object. */
  identify(person: HoldfastMetadata & { id: string | number | bigint; hash?: HoldfastHash }): void;
  /** Forgets the visitor in this browser, in all tabs. For shared computers. */
  logout(): void;
  /** Says more of the visitor; what was said before stays, and an empty value takes it away. */
  setMetadata(metadata: HoldfastMetadata): void;
  /** Tells the agents what the visitor does. */
  track(name: string, detail?: HoldfastValue): void;
  /** Changes the language: English, Chinese (`zh-Hans`, `zh-Hant`), Spanish, French, German, Portuguese, Japanese, Arabic, Russian. */
  setLocale(locale: string): void;
  /** Changes between light and dark. */
  setTheme(theme: "auto" | "light" | "dark"): void;
  /** Writes into the composer, where the visitor has written nothing. */
  prefill(text: string): void;
  /** Sends a message as the visitor. */
  sendMessage(text: string): void;
  /** How many messages are unread; 0 while the chat is not there yet. */
  getUnread(): number;
  /** Listens to an event. Returns what ends the listening. */
  on<Event extends keyof HoldfastEvents>(event: Event, listener: (detail: HoldfastEvents[Event]) => void): () => void;
}

declare var Holdfast: HoldfastApi;

interface Window {
  Holdfast: HoldfastApi;
}
