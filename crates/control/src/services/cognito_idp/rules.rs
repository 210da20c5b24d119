//! What texts of these operations must be: lengths and patterns, as AWS's model has them.

use crate::input::Text;

const NAME_PATTERN: &str = r"[\w\s+=,.@-]+";
const VISIBLE_PATTERN: &str = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+";

pub(super) const USER_POOL_ID: Text = Text::matching(55, is_user_pool_id, r"[\w-]+_[0-9a-zA-Z]+");
pub(super) const CLIENT_ID: Text = Text::matching(128, is_word_or_plus, r"[\w+]+").sensitive();
pub(super) const NAME: Text = Text::matching(128, is_name, NAME_PATTERN);
pub(super) const RESOURCE_SERVER_NAME: Text = Text::matching(256, is_name, NAME_PATTERN);
pub(super) const USERNAME: Text = Text::matching(128, is_visible, VISIBLE_PATTERN);
pub(super) const DOMAIN: Text = Text::matching(63, is_domain, r"^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$");
pub(super) const RESOURCE_SERVER: Text =
    Text::matching(256, is_resource_server, r"[\x21\x23-\x5B\x5D-\x7E]+");
pub(super) const SCOPE: Text = Text::matching(256, is_scope, r"[\x21\x23-\x2E\x30-\x5B\x5D-\x7E]+");
pub(super) const ATTRIBUTE_NAME: Text = Text::matching(32, is_visible, VISIBLE_PATTERN);
pub(super) const ATTRIBUTE_VALUE: Text = Text::up_to(2048).sensitive();
pub(super) const REDIRECT: Text = Text::matching(1024, is_visible, VISIBLE_PATTERN);
/// A word of an enumeration; identity says which.
pub(super) const WORD: Text = Text::up_to(131_072);
pub(super) const PASSWORD: Text = Text {
    min: 0,
    ..Text::matching(256, has_no_space, r"[\S]+").sensitive()
};
pub(super) const CLIENT_SECRET: Text = Text {
    min: 24,
    ..Text::matching(64, is_word_or_plus, r"[\w+]+").sensitive()
};
pub(super) const SECRET_HASH: Text = Text::matching(128, is_base64, r"[\w+=/]+").sensitive();
pub(super) const CODE: Text = Text::matching(2048, has_no_space, r"[\S]+").sensitive();
pub(super) const TOKEN: Text = Text {
    min: 0,
    ..Text::matching(16_384, is_token, r"[A-Za-z0-9-_=.]+").sensitive()
};
pub(super) const SESSION: Text = Text {
    min: 20,
    ..Text::up_to(2048)
};
pub(super) const PAGE_TOKEN: Text = Text::matching(131_072, has_no_space, r"[\S]+");

fn all(text: &str, test: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(test)
}

const fn is_word(symbol: char) -> bool {
    symbol.is_ascii_alphanumeric() || symbol == '_'
}

fn is_user_pool_id(text: &str) -> bool {
    text.rsplit_once('_').is_some_and(|(region, id)| {
        all(region, |symbol| is_word(symbol) || symbol == '-')
            && all(id, |symbol| symbol.is_ascii_alphanumeric())
    })
}

fn is_word_or_plus(text: &str) -> bool {
    all(text, |symbol| is_word(symbol) || symbol == '+')
}

fn is_name(text: &str) -> bool {
    all(text, |symbol| {
        is_word(symbol) || symbol.is_whitespace() || "+=,.@-".contains(symbol)
    })
}

fn is_visible(text: &str) -> bool {
    all(text, |symbol| !symbol.is_whitespace() && !symbol.is_control())
}

fn is_domain(text: &str) -> bool {
    let inner = |symbol: char| symbol.is_ascii_lowercase() || symbol.is_ascii_digit() || symbol == '-';
    all(text, inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_resource_server(text: &str) -> bool {
    all(text, |symbol| {
        symbol.is_ascii_graphic() && !"\"\\".contains(symbol)
    })
}

fn is_scope(text: &str) -> bool {
    is_resource_server(text) && !text.contains('/')
}

fn has_no_space(text: &str) -> bool {
    all(text, |symbol| !symbol.is_whitespace())
}

fn is_base64(text: &str) -> bool {
    all(text, |symbol| is_word(symbol) || "+=/".contains(symbol))
}

fn is_token(text: &str) -> bool {
    all(text, |symbol| is_word(symbol) || "-=.".contains(symbol))
}
