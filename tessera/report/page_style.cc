// How the page looks: one column of text, charts beside each other where there is room, light or dark as the reader prefers.
// The colours of texts have a contrast of at least 4.5 with their surfaces (WCAG 2.1, 1.4.3).
#include "tessera/report/page_parts.h"

namespace tessera::report {

std::string_view page_style_sheet() {
  return R"(:root{--ink:#1b1b1b;--quiet:#555;--line:#d4d4d4;--surface:#fff;--raised:#f5f5f3;--link:#0b5394;
--good:#0b6b45;--open:#7a4d00;--bad:#a40000}
@media (prefers-color-scheme:dark){:root{--ink:#ececec;--quiet:#b4b4b4;--line:#3d4046;--surface:#15171a;--raised:#1f2226;
--link:#8cc4ff;--good:#6fd3a5;--open:#f0c060;--bad:#ff9d94}}
*{box-sizing:border-box}
html{color-scheme:light dark;scroll-padding-top:1rem}
body{margin:0 auto;padding:1rem clamp(.8rem,3vw,2.5rem) 3rem;max-width:86rem;background:var(--surface);color:var(--ink);
font:1rem/1.5 system-ui,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif;overflow-wrap:break-word}
h1,h2,h3,h4,h5{line-height:1.25;margin:1.6em 0 .5em}
h1{font-size:1.8rem;margin:.4em 0}
h2{font-size:1.35rem;border-bottom:1px solid var(--line);padding-bottom:.2em;margin-top:2.2em}
h3{font-size:1.12rem}
h4,h5{font-size:1rem}
p{max-width:48rem;margin:.6em 0}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{position:static;display:inline-block;padding:.3rem .6rem}
.verdict{border-left:.4rem solid;padding:.35rem .8rem;background:var(--raised);font-weight:600;max-width:none}
.good{color:var(--good)}
.open{color:var(--open)}
.bad{color:var(--bad)}
.seal code{font-size:.95em}
.missing{color:var(--quiet);font-style:italic}
code{font-family:ui-monospace,'Liberation Mono',Menlo,Consolas,monospace;font-size:.875em;overflow-wrap:anywhere}
code,td,th,dd,figcaption,li,h1,h2{unicode-bidi:isolate}
.links{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.8rem 0}
.links a{display:inline-block;padding:.25rem 0}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.2rem}
figure{margin:0 0 1rem;min-width:0}
figure svg{display:block}
figcaption{color:var(--quiet);font-size:.875rem;max-width:40rem}
.examples{display:flex;flex-wrap:wrap;gap:1rem;margin:.8rem 0}
.example{width:8.5rem;margin:0}
.example img{display:block;width:6rem;height:auto;image-rendering:pixelated;border:1px solid var(--line);margin-bottom:.3rem}
.example figcaption{color:var(--ink)}
.example span{display:block}
.beside{display:flex;flex-wrap:wrap;gap:0 2.5rem;align-items:flex-start}
.beside>*{flex:1 1 30rem;min-width:0}
.scroll{overflow-x:auto;margin:.8rem 0;max-width:100%}
table{border-collapse:collapse;font-size:.925rem}
caption{text-align:left;font-weight:600;padding:.2rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line);max-width:42rem}
th{font-weight:500;white-space:nowrap}
tbody th{white-space:normal}
th code{overflow-wrap:normal}
.results th,.results code{white-space:nowrap}
.differences td{min-width:7rem;max-width:15rem;overflow-wrap:anywhere}
thead th{color:var(--quiet);vertical-align:bottom}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
summary{cursor:pointer;padding:.15rem 0}
dl{margin:.8rem 0}
dl div{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:.2rem 1rem;padding:.25rem 0}
dt{color:var(--quiet)}
dd{margin:0;min-width:0}
footer{margin-top:3rem;border-top:1px solid var(--line);color:var(--quiet);font-size:.875rem}
@media (max-width:30rem){dl div{grid-template-columns:1fr}th,td{padding-right:.6rem}td:not(.number){min-width:6rem;overflow-wrap:anywhere}
tbody th:has(code){min-width:8rem}th code{overflow-wrap:anywhere}h1{font-size:1.5rem}}
@media print{.charts{grid-template-columns:1fr 1fr}body{max-width:none;padding:0;font-size:10pt}nav,.skip,.links{display:none}
figure,tr,.verdict{break-inside:avoid}h1,h2,h3,h4,h5,caption{break-after:avoid}.scroll{overflow:visible}
details::details-content{content-visibility:visible;block-size:auto}a{color:inherit;text-decoration:none}}
)";
}

}  // namespace tessera::report
