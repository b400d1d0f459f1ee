/** What the page about migrations has beside the sheet of every page. */
export const accountStyle = `
:root{--works:#1f6feb;--waits:#b88300;--blocked:#c4314b;--paused:#8a93a3}
@media (prefers-color-scheme:dark){:root{--works:#6aa8ff;--waits:#e0b040;--blocked:#f0728a;--paused:#7d8797}}
.warn{border-left:4px solid var(--warn);background:var(--raised);padding:6px 12px}
.part{border:1px solid var(--line);border-radius:8px;margin:8px 0;padding:0 14px;overflow-wrap:anywhere}
.part>summary{cursor:pointer;padding:8px 0}.part[open]>summary{border-bottom:1px solid var(--line);margin-bottom:8px}
.migration>summary{font-size:18px;font-weight:600}
figure{margin:0}figure svg{max-width:100%;height:auto;min-width:640px;color:var(--text)}
.key .works{border-left:12px solid var(--works)}.key .waits{border-left:12px solid var(--waits)}.key .blocked{border-left:12px solid var(--blocked)}.key .paused{border-left:12px solid var(--paused)}
pre{background:var(--raised);border:1px solid var(--line);border-radius:8px;padding:10px 12px;overflow:auto;max-height:480px}
pre code{display:block;white-space:pre;min-height:1.2em}
@media print{.part{break-inside:auto}.scroll{overflow:visible}pre{max-height:none;overflow:visible}pre code{white-space:pre-wrap}}
`;
