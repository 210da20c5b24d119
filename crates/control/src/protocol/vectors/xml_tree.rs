//! XML as a tree that can be compared: attributes and names matter, white space between elements and the order of
//! different names do not. Just enough XML for the cases.

#[derive(Debug, PartialEq)]
pub(super) struct Element {
    name: String,
    attributes: String,
    text: String,
    children: Vec<Element>,
}

/// Parses a document. What names the request, and the namespace of the root, are left out.
pub(super) fn parse(xml: &str) -> Option<Element> {
    let mut rest = xml.trim();
    if let Some(after) = rest.strip_prefix("<?") {
        rest = after.split_once("?>")?.1.trim();
    }
    let mut root = element(&mut rest)?;
    root.attributes.clear();
    root.children
        .retain(|child| !["ResponseMetadata", "RequestId"].contains(&child.name.as_str()));
    // An empty result and no result say the same.
    root.children
        .retain(|child| !(child.name.ends_with("Result") && child.children.is_empty()));
    Some(root)
}

fn element(rest: &mut &str) -> Option<Element> {
    let (head, after) = rest.strip_prefix('<')?.split_once('>')?;
    *rest = after;
    let (head, is_empty) = head
        .strip_suffix('/')
        .map_or((head, false), |head| (head.trim(), true));
    let (name, attributes) = head.split_once(' ').unwrap_or((head, ""));
    let mut found = Element {
        name: name.to_owned(),
        attributes: attributes.trim().replace('\'', "\""),
        text: String::new(),
        children: Vec::new(),
    };
    loop {
        if is_empty {
            break;
        }
        let (text, _) = rest.split_once('<')?;
        found.text.push_str(text);
        *rest = rest.strip_prefix(text)?;
        if let Some(after) = rest.strip_prefix("</") {
            *rest = after.split_once('>')?.1;
            break;
        }
        found.children.push(element(rest)?);
    }
    if found.text.trim().is_empty() {
        found.text.clear();
    }
    found.children.sort_by(|a, b| a.name.cmp(&b.name));
    Some(found)
}
