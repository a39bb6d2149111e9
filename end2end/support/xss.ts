// Texts that try to run a script in a page that shows them. Each would set `window.xss`.

const CALL = "window.xss=1";

/** Event handlers that run without the reader doing anything, or at a pointer or a key. */
const HANDLERS = [
  "onload", "onerror", "onfocus", "onblur", "onclick", "onmouseover", "onpointerenter", "onpointerrawupdate", "ontoggle", "onbegin", "onend",
  "onrepeat", "onanimationstart", "onanimationend", "ontransitionend", "ontransitionrun", "onscroll", "onscrollend", "onwheel", "oninput",
  "onpageshow", "onhashchange", "onpopstate", "onresize", "onbeforetoggle", "onloadstart", "onplay", "oncanplay", "onsecuritypolicyviolation",
  "oncontentvisibilityautostatechange",
];

/** Elements with a handler, among them those of SVG and MathML. */
const ELEMENTS: Array<(handler: string) => string> = [
  (handler) => `<img src=x ${handler}=${CALL}>`,
  (handler) => `<svg ${handler}=${CALL}></svg>`,
  (handler) => `<details open ${handler}="${CALL}">x</details>`,
  (handler) => `<p tabindex=0 autofocus ${handler}='${CALL}'>x</p>`,
];

const JAVASCRIPT = [
  "javascript:window.xss=1", "JaVaScRiPt:window.xss=1", "java\tscript:window.xss=1", "java\nscript:window.xss=1", "&#106;avascript:window.xss=1",
  "&#x6A;avascript:window.xss=1", "javascript&colon;window.xss=1", "\u0001javascript:window.xss=1", " javascript:window.xss=1",
  "data:text/html,<script>window.xss=1</script>", "data:text/html;base64,PHNjcmlwdD53aW5kb3cueHNzPTE8L3NjcmlwdD4=", "vbscript:window.xss=1",
  "//javascript:window.xss=1", "javascript://%0awindow.xss=1", "blob:window.xss=1", "view-source:javascript:window.xss=1",
];

const URLS: Array<(url: string) => string> = [
  (url) => `[link](${url})`,
  (url) => `<a href="${url}">link</a>`,
  (url) => `<a href='${url}' target=_blank ping="${url}">link</a>`,
  (url) => `![image](${url})`,
  (url) => `[link][x]\n\n[x]: ${url}`,
];

const SCRIPTS = [
  `<script>${CALL}</script>`, `<SCRIPT SRC=data:,${CALL}></SCRIPT>`, `<script/x>${CALL}</script>`, `<scr<script>ipt>${CALL}</scr</script>ipt>`,
  `<<script>${CALL}//<</script>`, `<script\n>${CALL}</script\n>`, `<script type=module>${CALL}</script>`, `</textarea><script>${CALL}</script>`,
  `</title><script>${CALL}</script>`, `--><script>${CALL}</script>`, `]]><script>${CALL}</script>`, `<!--><script>${CALL}</script>-->`,
  `<noscript><p title="</noscript><script>${CALL}</script>">`, `<template><script>${CALL}</script></template>`,
  `<iframe srcdoc="<script>parent.xss=1</script>"></iframe>`, `<iframe src="javascript:parent.xss=1"></iframe>`,
  `<object data="javascript:${CALL}"></object>`, `<embed src="javascript:${CALL}">`, `<base href="javascript:${CALL}//">`,
  `<meta http-equiv=refresh content="0;url=javascript:${CALL}">`, `<link rel=stylesheet href="javascript:${CALL}">`,
  `<form action="javascript:${CALL}"><button>x</button></form>`, `<button formaction="javascript:${CALL}">x</button>`,
  `<input type=image src=x onerror=${CALL}>`, `<isindex type=image src=1 onerror=${CALL}>`, `<video><source onerror=${CALL}></video>`,
  `<audio src=x onerror=${CALL}></audio>`, `<marquee onstart=${CALL}>x</marquee>`, `<style>@import "javascript:${CALL}";</style>`,
  `<p style="background:url(javascript:${CALL})">x</p>`, `<p style="width:expression(${CALL})">x</p>`, `<frameset onload=${CALL}>`,
  "\u003cscript\u003ewindow.xss=1\u003c/script\u003e", "＜script＞window.xss=1＜/script＞", `<script>window.xss=1`, `"><script>${CALL}</script>`,
  `'-window.xss=1-'`, `\${window.xss=1}`, `{{constructor.constructor('window.xss=1')()}}`, `</script><script>${CALL}</script>`,
];

const FOREIGN = [
  `<svg><script>${CALL}</script></svg>`, `<svg><script href="data:,${CALL}"/></svg>`, `<svg><animate onbegin=${CALL} attributeName=x dur=1s>`,
  `<svg><set attributeName=href to="javascript:${CALL}"/><a><text>x</text></a></svg>`, `<svg><a xlink:href="javascript:${CALL}"><text>x</text></a></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><script>${CALL}</script></svg>#x"/></svg>`,
  `<svg><foreignObject><body onload=${CALL}></foreignObject></svg>`, `<svg><image href=x onerror=${CALL}></svg>`, `<svg><style><img src=x onerror=${CALL}></style></svg>`,
  `<math><mtext><script>${CALL}</script></mtext></math>`, `<math><maction actiontype="statusline#" xlink:href="javascript:${CALL}">x</maction></math>`,
  `<math href="javascript:${CALL}">x</math>`, `<math><annotation-xml encoding="text/html"><img src=x onerror=${CALL}></annotation-xml></math>`,
];

const MUTATIONS = [
  `<noscript><style></noscript><img src=x onerror=${CALL}>`, `<svg></p><style><a id="</style><img src=x onerror=${CALL}>">`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=${CALL}&gt;">`,
  `<math><mtext><table><mglyph><style><math><img src=x onerror=${CALL}></style></table></mtext></math>`,
  `<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=${CALL}>`, `<select><template><img src=x onerror=${CALL}></template></select>`,
  `<table><td><select><style></select></td></table><img src=x onerror=${CALL}>`, `<xmp><p title="</xmp><img src=x onerror=${CALL}>">`,
  `<title><p title="</title><img src=x onerror=${CALL}>">`, `<textarea><p title="</textarea><img src=x onerror=${CALL}>">`,
  `<listing>&lt;img src=x onerror=${CALL}&gt;</listing>`, `<plaintext><img src=x onerror=${CALL}>`, `<!--[if true]><img src=x onerror=${CALL}><![endif]-->`,
  `<![CDATA[<img src=x onerror=${CALL}>]]>`, `<?xml version="1.0"?><img src=x onerror=${CALL}>`, `<a href="x\`onmouseover=${CALL}//">x</a>`,
  `[a](x"onerror=${CALL}//)`, `![a](x "x\\" onerror=${CALL} x=\\"")`, `<img alt="\`<svg/onload=${CALL}>">`, "`<img src=x onerror=window.xss=1>`",
  "```html\n<img src=x onerror=window.xss=1>\n```", "[^1]: <img src=x onerror=window.xss=1>\n\nx[^1]", "| <img src=x onerror=window.xss=1> |\n| - |\n| x |",
];

/** Elements that would take the place of the page's own, by their ids and names. */
const CLOBBERING = [
  "live-updates", "composer-host", "entry-highlights", "entry-title", "entry-article", "connection-status", "update-1", "composer-text", "body", "head", "location", "cookie",
].flatMap((id) => [`<a id="${id}">x</a>`, `<img name="${id}" src=x>`, `<form id="${id}"><input name="children"></form>`]);

export const XSS: string[] = [
  ...SCRIPTS,
  ...HANDLERS.flatMap((handler) => ELEMENTS.map((element) => element(handler))),
  ...JAVASCRIPT.flatMap((url) => URLS.map((render) => render(url))),
  ...FOREIGN,
  ...MUTATIONS,
  ...CLOBBERING,
];
