//! Names of HTML that load or run something.

/// Tags that run script, load documents or change how the page reads addresses.
static TAGS: &[&str] = &[
    "animate", "animatemotion", "animatetransform", "applet", "base", "bgsound", "embed", "foreignobject", "frame",
    "frameset", "handler", "iframe", "ilayer", "import", "isindex", "layer", "link", "listener", "math", "meta",
    "noscript", "object", "portal", "script", "set", "style", "svg", "template", "vmlframe", "xml", "xss",
];

/// Attributes that hold script or a document.
static ATTRIBUTES: &[&str] = &["formaction", "srcdoc", "datasrc", "dataformatas", "fscommand", "seeksegmenttime"];

/// Attributes that hold an address.
static LINKS: &[&str] = &[
    "action", "background", "by", "cite", "codebase", "data", "dynsrc", "from", "href", "lowsrc", "manifest",
    "ping", "poster", "profile", "src", "srcset", "to", "usemap", "values", "xlink:href",
];

/// Events without their `on`, of HTML, SVG and older browsers.
static EVENTS: &[&str] = &[
    "abort", "activate", "afterprint", "afterscriptexecute", "animationcancel", "animationend",
    "animationiteration", "animationstart", "auxclick", "beforecopy", "beforecut", "beforeinput", "beforematch",
    "beforepaste", "beforeprint", "beforescriptexecute", "beforetoggle", "beforeunload", "begin", "blur", "bounce",
    "cancel", "canplay", "canplaythrough", "change", "click", "close", "contentvisibilityautostatechange",
    "contextmenu", "copy", "cuechange", "cut", "dataavailable", "dblclick", "drag", "dragend", "dragenter",
    "dragexit", "dragleave", "dragover", "dragstart", "drop", "durationchange", "emptied", "end", "ended", "error",
    "finish", "focus", "focusin", "focusout", "formdata", "fullscreenchange", "gotpointercapture", "hashchange",
    "help", "input", "invalid", "keydown", "keypress", "keyup", "languagechange", "load", "loadeddata",
    "loadedmetadata", "loadend", "loadstart", "location", "lostpointercapture", "message", "messageerror",
    "mousedown", "mouseenter", "mouseleave", "mousemove", "mouseout", "mouseover", "mouseup", "mousewheel",
    "offline", "online", "open", "pagehide", "pagereveal", "pageshow", "pageswap", "paste", "pause", "play",
    "playing", "pointercancel", "pointerdown", "pointerenter", "pointerleave", "pointermove", "pointerout",
    "pointerover", "pointerrawupdate", "pointerup", "popstate", "progress", "propertychange", "ratechange",
    "readystatechange", "rejectionhandled", "repeat", "reset", "resize", "scroll", "scrollend", "scrollsnapchange",
    "search", "securitypolicyviolation", "seeked", "seeking", "select", "selectionchange", "selectstart", "show",
    "slotchange", "stalled", "start", "storage", "submit", "suspend", "timeupdate", "toggle", "touchcancel",
    "touchend", "touchmove", "touchstart", "transitioncancel", "transitionend", "transitionrun",
    "transitionstart", "unhandledrejection", "unload", "volumechange", "waiting", "webkitanimationend", "webkitanimationiteration",
    "webkitanimationstart", "webkittransitionend", "wheel", "zoom",
];

pub(super) fn is_running_tag(name: &[u8]) -> bool {
    // `svg:script` and the like: the local name counts too.
    let local = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
    is_in(TAGS, name) || is_in(TAGS, local)
}

pub(super) fn is_script_attribute(name: &[u8]) -> bool {
    is_in(ATTRIBUTES, name)
}

pub(super) fn is_link_attribute(name: &[u8]) -> bool {
    is_in(LINKS, name)
}

pub(super) fn is_event(name: &[u8]) -> bool {
    name.split_at_checked(2).is_some_and(|(on, event)| on.eq_ignore_ascii_case(b"on") && is_in(EVENTS, event))
}

fn is_in(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}
