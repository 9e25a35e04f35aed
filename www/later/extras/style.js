// The looks of the extras, by the variables of the panel's own sheet.
export const STYLE = `
.text a { color: inherit; text-decoration: underline; text-underline-offset: 2px; unicode-bidi: isolate; }
.text code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; unicode-bidi: isolate; }
.text .code { padding: 1px 5px; border-radius: 5px; background: rgb(127 127 127 / 18%); }
.text .block { display: block; direction: ltr; margin: 6px -5px; padding: 8px 10px; border-radius: 9px; background: rgb(127 127 127 / 14%); text-align: left; }
.text .block:first-child, .text .mark:first-child + .block { margin-top: 1px; }
.text .block:has(+ .mark:last-child) { margin-bottom: 1px; }
.text .mark { display: none; }
.more svg { stroke-width: 3; }
.more { margin-inline-end: -8px; }
.failure { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; text-wrap: balance; }
.head { position: relative; z-index: 1; }
.title, .subtitle { overflow-wrap: anywhere; text-wrap: balance; }
.menu, .choice { position: absolute; z-index: 1; background: var(--bg); color: var(--fg); border: 1px solid var(--line); box-shadow: var(--shadow); }
.menu { inset-inline-end: 12px; top: calc(100% - 6px); display: grid; max-width: calc(100% - 24px); padding: 6px; border-radius: 14px; }
.menu button { display: flex; align-items: center; gap: 10px; min-height: 44px; padding: 4px 16px 4px 12px; border-radius: 9px; text-align: start; }
.menu button::before { content: ""; flex: none; box-sizing: border-box; width: 18px; }
.menu [aria-checked=true]::before { height: 10px; width: 18px; border: solid var(--hint); border-width: 0 0 2.5px 2.5px; transform: translate(0, -3px) rotate(-45deg); }
.menu button:hover, .choice button:hover { background: var(--theirs); }
.menu :focus-visible, .choice :focus-visible { outline-offset: -3px; }
.said { position: absolute; z-index: 1; inset-inline: 0; top: calc(100% + 6px); width: fit-content; max-width: 84%; margin: 0 auto; padding: 8px 16px; border-radius: 20px; background: var(--fg); color: var(--bg); font-size: 13.5px; }
textarea.aside { font-size: 16px; white-space: pre; }
q, .greeting p { unicode-bidi: plaintext; }
.foot { position: relative; }
.composer:placeholder-shown, .composer::placeholder { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.smile { display: grid; flex: none; place-items: center; width: 44px; height: 44px; margin-inline-end: -6px; border-radius: 50%; color: var(--soft); }
.smile:hover, .smile[aria-expanded=true] { color: var(--fg); }
.choice { inset: auto 12px calc(100% + 2px); border-radius: 14px; overflow: hidden; }
.choice div { display: grid; grid-template-columns: repeat(auto-fill, 44px); justify-content: center; max-height: min(234px, 40vh); padding: 6px; overflow: auto; overscroll-behavior: contain; touch-action: pan-y; }
textarea, .choice div { scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.choice button { width: 44px; height: 44px; border-radius: 9px; font: 24px/44px "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", system-ui, sans-serif; }
[data-asks] .greeting { min-height: 0; margin: 0; padding: 8px 8px 0; text-align: start; text-wrap: wrap; }
[data-asks] .greeting svg, [data-asks] .jump { display: none; }
.prechat { display: grid; gap: 12px; padding: 14px 8px 4px; }
.ask { display: grid; gap: 4px; }
.ask label { font-size: 13.5px; font-weight: 600; overflow-wrap: anywhere; }
.ask input, .ask textarea, .comment { appearance: none; width: 100%; min-height: 44px; margin: 0; padding: 9px 12px; border: 1.5px solid #87969e; border-radius: 11px; background: var(--bg); color: var(--fg); font: inherit; font-size: 16px; line-height: 24px; }
.ask textarea, .comment { resize: none; }
.box { grid-template-columns: 34px 1fr; align-items: center; }
.box label { display: grid; align-content: center; min-height: 44px; padding: 8px 0; font-weight: 400; text-wrap: balance; }
.box .fault { grid-column: 2; margin-top: -8px; }
.ask [type=checkbox] { display: grid; place-items: center; width: 44px; height: 44px; margin-inline-start: -10px; padding: 0; border: 0; background: none; }
.ask [type=checkbox]::before { content: ""; grid-area: 1 / 1; box-sizing: border-box; width: 24px; height: 24px; border: 1.5px solid #87969e; border-radius: 6px; background: var(--bg); }
.ask [type=checkbox]:checked::before { border-color: var(--accent); background: var(--accent); }
.ask [aria-invalid=true]::before { border-color: var(--bad); }
.ask [type=checkbox]:checked::after { content: ""; grid-area: 1 / 1; width: 13px; height: 7px; border: solid var(--accent-fg); border-width: 0 0 2.5px 2.5px; transform: translateY(-2px) rotate(-45deg); }
.ask [aria-invalid=true] { border-color: var(--bad); }
.fault { color: var(--bad); font-size: 13px; }
.fault:empty { display: none; }
.comment::placeholder { color: var(--soft); opacity: 1; }
.rating { display: grid; justify-items: center; gap: 10px; margin-top: 6px; padding: 14px; border: 1px solid var(--line); border-radius: 16px; }
.rating fieldset { min-width: 0; margin: 0; padding: 0; border: 0; text-align: center; }
.rating legend { margin: 0 auto; padding: 0; font-weight: 600; }
.stars { display: flex; justify-content: center; }
.stars label { position: relative; display: grid; place-items: center; width: 44px; height: 44px; color: var(--soft); cursor: pointer; }
.stars input { position: absolute; inset: 0; appearance: none; width: 44px; height: 44px; margin: 0; border-radius: 50%; cursor: pointer; }
.stars svg { width: 28px; height: 28px; pointer-events: none; }
.stars .on svg { color: #c77700; fill: currentColor; }
.act { min-height: 44px; padding: 0 20px; border-radius: 22px; background: var(--accent); color: var(--accent-fg); font-weight: 600; }
.hf[data-own] .panel { inset: 0; width: 100%; height: var(--hf-height, 100vh); border-radius: 0; animation: none; }
.hf[data-own] .launcher { display: none; }
@media (forced-colors: active) {
  .panel, .launcher, .text, .jump, .said, .dots { border: 1px solid; }
  .dots i { forced-color-adjust: none; }
}
`;
