/** One sheet for a screen, light or dark, and for print. */
export const style = `
:root{color-scheme:light dark;--text:#1c2330;--soft:#5a6475;--ground:#fff;--raised:#f4f6f9;--line:#cfd6e0;--accent:#1f6feb;--warn:#9a5b00;--topic:#dbe9ff;--group:#dff5e3;--principal:#fdeccf}
@media (prefers-color-scheme:dark){:root{--text:#e6ebf2;--soft:#a3adbd;--ground:#12161d;--raised:#1b212b;--line:#394352;--accent:#6aa8ff;--warn:#f0b45c;--topic:#1e3557;--group:#1d4028;--principal:#4a3615}}
*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--text);background:var(--ground)}
main,header{max-width:1180px;margin:0 auto;padding:0 20px}
header{padding-top:24px}
h1{font-size:26px;margin:0}h2{font-size:20px;margin:36px 0 10px}h3{font-size:15px;margin:12px 0 4px}
p{margin:4px 0 10px}.soft{color:var(--soft)}
a{color:var(--accent)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;padding:0;list-style:none}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--ground);padding:6px 10px;z-index:2}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
dl.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:10px;margin:16px 0}
dl.numbers div{background:var(--raised);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
dl.numbers dt{color:var(--soft);font-size:13px}dl.numbers dd{margin:0;font-size:21px;font-variant-numeric:tabular-nums}
.charts{display:flex;flex-wrap:wrap;gap:20px}.charts figure{margin:0;flex:1 1 460px;min-width:0}figcaption{color:var(--soft)}
.charts svg{max-width:100%;height:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;font-size:13px}td.n,th.n{text-align:right}
.scroll{overflow-x:auto}
.flag{border-left:4px solid var(--warn);background:var(--raised);padding:6px 12px;margin:8px 0}
.flag summary{cursor:pointer}.flag ul{margin:6px 0;padding-left:20px}
.search{position:sticky;top:0;background:var(--ground);padding:8px 0;z-index:1}
.search input{font:inherit;width:min(100%,420px);padding:6px 10px;border:1px solid var(--soft);border-radius:6px;background:var(--ground);color:var(--text)}
.set{border:1px solid var(--line);border-radius:8px;margin:8px 0;padding:0 14px;content-visibility:auto;contain-intrinsic-size:auto 44px}
.set>summary{cursor:pointer;padding:9px 0;overflow-wrap:anywhere}.set[open]>summary{border-bottom:1px solid var(--line);margin-bottom:8px}
.drawing{overflow:auto;max-height:560px;margin:10px 0}
.drawing text{font-size:12px;text-anchor:middle;fill:var(--text);font-family:ui-monospace,monospace}
.drawing rect{stroke:var(--soft)}.topic rect{fill:var(--topic)}.group rect{fill:var(--group)}.principal rect{fill:var(--principal)}
.drawing path{fill:none;stroke:var(--soft)}.drawing path.may{stroke-dasharray:4 3}
.key span{display:inline-block;padding:0 8px;margin-right:8px;border:1px solid var(--soft);border-radius:3px}
.key .t{background:var(--topic)}.key .g{background:var(--group);border-radius:10px}.key .p{background:var(--principal)}
[hidden]{display:none!important}
@media print{:root{color-scheme:light;--text:#000;--soft:#444;--ground:#fff;--raised:#f4f4f4;--line:#bbb;--accent:#1f6feb;--warn:#9a5b00;--topic:#dbe9ff;--group:#dff5e3;--principal:#fdeccf}
nav,.search,.skip{display:none}.set{content-visibility:visible;break-inside:avoid}.drawing{overflow:visible;max-height:none}.drawing svg{max-width:100%;height:auto}body{font-size:11px}main,header{max-width:none;padding:0}}
`;
