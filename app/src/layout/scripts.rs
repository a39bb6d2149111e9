//! The inline scripts that run before the islands are loaded.

/// A script that runs before the first paint. It sets classes on the root element: `js` if scripts
/// run, `author` or `member` if somebody is logged in who may post or not (by a cookie that is a
/// hint, and no secret), and `ordering` while the list waits for the order that the reader chose.
pub const HEAD_SCRIPT: &str = r#"(e=>{e.classList.add("js");let h=/(?:^|; )ringside_hint=(\w+)/.exec(document.cookie);if(h)e.classList.add(h[1]=="1"?"author":"member");try{if(localStorage.getItem("ringside-order"))e.classList.add("ordering")}catch{}})(document.documentElement)"#;

/// A script right after the list, which runs before the list is painted. It puts the list's chunks,
/// and the updates in each, into the order that the reader chose, unless the address has `?order=`.
pub const ORDER_SCRIPT: &str = r#"(e=>{let l=document.getElementById("live-updates"),o=null;try{o=localStorage.getItem("ringside-order")}catch{}if((o=="oldest"||o=="latest")&&o!=l.dataset.order&&!/[?&]order=/.test(location.search)){for(let s of[...l.children].reverse()){s.append(...[...s.children].reverse());l.append(s)}l.dataset.order=o}e.classList.remove("ordering")})(document.documentElement)"#;
