import { LOOKS, type Look } from './outcomes.js';

/** The colours of what is not an outcome, by scheme. */
export const COLOURS = {
  light: {
    page: '#ffffff',
    text: '#1a1d21',
    quiet: '#566069',
    line: '#dfe3e8',
    band: '#dcebf4',
    link: '#0b5c8a',
  },
  dark: {
    page: '#15181c',
    text: '#e4e7ea',
    quiet: '#a0a9b2',
    line: '#31373e',
    band: '#1f3a4b',
    link: '#8cc8ea',
  },
} as const;

type Scheme = keyof typeof COLOURS;

const OUTCOMES = Object.entries(LOOKS);

/** The style sheet. Print is always light. */
export function style(viewIds: readonly string[]): string {
  return `:root{color-scheme:light dark;--name:11rem;${variables('light')}}
@media screen and (prefers-color-scheme:dark){:root{${variables('dark')}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.25rem clamp(1rem,2.5vw,2.5rem) 3rem;max-width:105rem;background:var(--page);color:var(--text);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
h1{font-size:1.5rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
p{margin:.15rem 0;max-width:75ch}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.quiet,.work,.range,th,figcaption{color:var(--quiet)}
.work{font:12px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere;unicode-bidi:isolate;max-width:none}
.hidden{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.definitions{position:absolute;width:0;height:0}
svg{display:block;overflow:visible}
.solid{fill:currentColor;stroke:none}
.outline{fill:none;stroke:currentColor;stroke-width:2}
${OUTCOMES.map(([name]) => `.${name}{color:var(--${name})}`).join('')}
ul.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;list-style:none;margin:.5rem 0;padding:0}
.legend li{display:flex;align-items:center;gap:.35rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.2rem 1.2rem .2rem 0;white-space:nowrap;vertical-align:top}
tbody tr{border-top:1px solid var(--line)}
thead th{font-weight:500}
th[scope=row]{font-weight:600;max-width:22rem;overflow:hidden;text-overflow:ellipsis}
.scrolls{overflow-x:auto}
.views>label{display:inline-block;padding:.2rem .7rem;margin:0 .4rem .6rem 0;border:1px solid var(--line);border-radius:99px;cursor:pointer}
.views>:checked+label{border-color:var(--link);color:var(--link);font-weight:600}
.views>:focus-visible+label{outline:2px solid var(--link);outline-offset:2px}
.view{display:none}
${viewIds.map((id) => `#of-${id}:checked~#view-${id}`).join(',')}{display:block}
.view>.axis{padding-left:0;margin-left:var(--name);width:calc(100% - var(--name))}
.lanes{position:relative;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
.grid{position:absolute;inset:0 0 0 var(--name);width:calc(100% - var(--name));height:100%;pointer-events:none}
.grid line,.lines line{stroke:var(--line)}
.row{display:grid;grid-template-columns:var(--name) 1fr;align-items:center;break-inside:avoid}
.row+.row{border-top:1px solid var(--line)}
.name{padding-right:.75rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;unicode-bidi:isolate}
.plot{position:relative;cursor:crosshair}
.row .plot path{fill:none;stroke:currentColor;stroke-width:10;vector-effect:non-scaling-stroke}
.row .plot path.half{stroke-width:5}
.skips line{stroke:var(--text);stroke-width:1.5}
.axis text,.lines text{fill:var(--quiet);font-size:11px}
.locks{margin-top:1.2rem;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,34rem),1fr));gap:2rem 2.5rem}
.lock{min-width:0;break-inside:avoid-page}
.lock:has(details[open]){grid-column:1/-1;break-inside:auto}
.lock .plot{margin-top:.5rem;border-bottom:1px solid var(--line)}
.usual{fill:var(--band)}
.median{stroke:var(--text);stroke-dasharray:4 3}
.points{fill:none;stroke:var(--succeeded);stroke-width:3.5;stroke-linecap:round;vector-effect:non-scaling-stroke}
details{margin-top:.4rem}
summary{cursor:pointer;color:var(--link)}
details .scrolls{max-height:32rem;overflow:auto}
.runs th{position:sticky;top:0;background:var(--page)}
.runs td{color:var(--text);unicode-bidi:isolate}
.runs td:nth-child(3){color:inherit}
.runs tr:not(.succeeded) td:nth-child(3){font-weight:600}
.runs tr>:nth-child(2),.runs tr>:nth-child(4),.runs tr>:nth-child(5){text-align:right}
.runs tr>:nth-child(7){min-width:20rem;white-space:normal;overflow-wrap:anywhere}
.runs tr:focus{outline:2px solid var(--link);outline-offset:-2px}
#card{position:absolute;z-index:2;max-width:min(30rem,calc(100vw - 2rem));padding:.5rem .7rem;background:var(--page);border:1px solid var(--quiet);border-radius:6px;box-shadow:0 4px 16px rgb(0 0 0/.2);pointer-events:none;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
#card b{display:block}
#card span{color:var(--quiet)}
#line{position:absolute;top:0;bottom:0;width:1px;background:var(--text);pointer-events:none}
@media (max-width:700px){:root{--name:0rem}.row{display:block}.name{padding:0;margin-bottom:-.35rem}.many text:nth-child(even),.more{display:none}}
@media print{:root{color-scheme:light}body{padding:0;max-width:none;font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}#card,#line,.views>label:not(:checked+label),.help{display:none}.scrolls,details .scrolls{overflow:visible;max-height:none}a{color:inherit;text-decoration:none}.runs th{position:static}th,td{padding-right:.6rem}th[scope=row]{max-width:11rem;white-space:normal;overflow-wrap:anywhere}.summary .range{display:block}}
`;
}

function variables(scheme: Scheme): string {
  const ours = Object.entries(COLOURS[scheme]).map(([name, colour]) => `--${name}:${colour}`);
  const outcomes = OUTCOMES.map(([name, look]: [string, Look]) => `--${name}:${look[scheme]}`);
  return [...ours, ...outcomes].join(';');
}
