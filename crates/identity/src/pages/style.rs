//! How pages look: one sheet, light and dark, allowed by its hash.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};

/// Colours meet WCAG 2.2 AA on their grounds in both schemes.
pub(super) const SHEET: &str = "
:root{color-scheme:light dark;--ground:#f4f5f7;--paper:#fff;--ink:#1b1f24;--quiet:#555d68;--line:#8a929d;--accent:#1d4f91;--on-accent:#fff;--bad:#a4161a;--bad-ground:#fdf0f0;--good:#1b5e33;--good-ground:#eef7f0}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--paper:#1d2126;--ink:#e8eaed;--quiet:#a8b0bb;--line:#737c88;--accent:#8db8f2;--on-accent:#10233c;--bad:#ffb3b0;--bad-ground:#3a1d1e;--good:#a9dcb8;--good-ground:#1a3022}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
main{width:100%;max-width:26rem;margin:0 auto;padding:2.5rem 2rem;background:var(--paper)}
h1{margin:0 0 1.25rem;font-size:1.5rem;line-height:1.25;font-weight:600}
h2{margin:0 0 .25rem;font-size:1rem}
p{margin:0 0 1rem}
a{color:var(--accent)}
label{display:block;margin:0 0 .25rem;font-weight:600}
.field{margin:0 0 1.25rem}
.hint,.error{margin:0 0 .35rem;font-size:.9rem}
.hint,.quiet{color:var(--quiet)}
.error{color:var(--bad);font-weight:600}
input{display:block;width:100%;min-height:2.75rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.375rem;background:var(--paper);color:var(--ink);font:inherit}
input[aria-invalid=true]{border:2px solid var(--bad)}
button{display:block;width:100%;min-height:2.75rem;padding:.5rem 1rem;border:0;border-radius:.375rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;cursor:pointer}
button.second{border:1px solid var(--accent);background:none;color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.summary,.notice{margin:0 0 1.5rem;padding:.75rem 1rem;border-left:4px solid}
.summary{border-color:var(--bad);background:var(--bad-ground)}
.summary h2{color:var(--bad)}
.summary ul{margin:0;padding:0;list-style:none}
.summary a{color:var(--bad)}
.notice{border-color:var(--good);background:var(--good-ground)}
.more{margin:1.5rem 0 0;padding:1.25rem 0 0;border-top:1px solid var(--line)}
.more p{margin:0 0 .5rem}
.more form+p{margin-top:1rem}
@media (min-width:32rem){body{padding:4rem 1rem;background:var(--ground)}main{border-radius:.75rem;box-shadow:0 1px 3px #0003}}
";

/// Returns the source expression that allows the sheet.
pub(super) fn source() -> String {
    let hash = digest::digest(&digest::SHA256, SHEET.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(hash))
}
