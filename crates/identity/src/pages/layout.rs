//! What every page shares: the frame, the summary of what is wrong, fields, forms.

use super::{
    html::{Element, Html, element},
    style,
};

/// A page that is being made.
pub(crate) struct Page {
    title: String,
    notice: Option<String>,
    problems: Vec<Problem>,
    body: Html,
}

/// What is wrong with a form, and with which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The field's name; none when it is about all of them.
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

impl Problem {
    /// Returns a problem with one field.
    pub(crate) fn with(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            message: message.into(),
        }
    }
}

/// An input with its label.
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    /// `text`, `email`, `password`, `tel`, …
    pub(crate) kind: &'static str,
    pub(crate) autocomplete: &'static str,
    pub(crate) hint: Option<&'a str>,
    pub(crate) value: &'a str,
}

impl Page {
    /// Begins a page.
    pub(crate) fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            notice: None,
            problems: Vec::new(),
            body: Html::default(),
        }
    }

    /// Says something good above the rest.
    #[must_use]
    pub(crate) fn notice(mut self, notice: Option<&str>) -> Self {
        self.notice = notice.map(str::to_owned);
        self
    }

    /// Says what is wrong above the rest.
    #[must_use]
    pub(crate) fn problems(mut self, problems: &[Problem]) -> Self {
        self.problems = problems.to_vec();
        self
    }

    /// Adds a piece.
    #[must_use]
    pub(crate) fn and(mut self, piece: impl Into<Html>) -> Self {
        self.body = self.body.and(piece);
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub(crate) fn paragraph(self, text: &str) -> Self {
        self.and(element("p").text(text))
    }

    /// Adds an input; the first one on a page without problems has the focus.
    #[must_use]
    fn field_of(&self, field: &Field<'_>, is_first: bool) -> Html {
        let problem = self
            .problems
            .iter()
            .find(|problem| problem.field.as_deref() == Some(field.name));
        let (hint_id, error_id) = (format!("{}-hint", field.name), format!("{}-error", field.name));
        let mut input = element("input")
            .with("id", field.name)
            .with("name", field.name)
            .with("type", field.kind)
            .with("autocomplete", field.autocomplete)
            .flag("required");
        if field.autocomplete == "one-time-code" {
            input = input.with("inputmode", "numeric");
        }
        if field.autocomplete == "username" {
            input = input.with("autocapitalize", "none").with("spellcheck", "false");
        }
        if !field.value.is_empty() && field.kind != "password" {
            input = input.with("value", field.value);
        }
        let mut described = Vec::new();
        let mut group = element("div")
            .with("class", "field")
            .and(element("label").with("for", field.name).text(field.label));
        if let Some(hint) = field.hint {
            group = group.and(element("p").with("class", "hint").with("id", &hint_id).text(hint));
            described.push(hint_id);
        }
        if let Some(problem) = problem {
            group = group.and(
                element("p")
                    .with("class", "error")
                    .with("id", &error_id)
                    .text(&problem.message),
            );
            described.push(error_id);
            input = input.with("aria-invalid", "true");
        }
        if !described.is_empty() {
            input = input.with("aria-describedby", &described.join(" "));
        }
        if is_first && self.problems.is_empty() {
            input = input.flag("autofocus");
        }
        group.and(input).into()
    }

    /// Adds a form that is sent to `action`: hidden values, fields, a button.
    #[must_use]
    pub(crate) fn form(
        self,
        action: &str,
        hidden: &[(&str, &str)],
        fields: &[Field<'_>],
        button: &str,
    ) -> Self {
        let mut form = form(action, hidden);
        for (index, field) in fields.iter().enumerate() {
            form = form.and(self.field_of(field, index == 0));
        }
        let form = form.and(element("button").with("type", "submit").text(button));
        self.and(form)
    }

    /// Returns the page as bytes.
    pub(crate) fn document(self) -> Vec<u8> {
        let head = element("head")
            .and(element("meta").with("charset", "utf-8"))
            .and(
                element("meta")
                    .with("name", "viewport")
                    .with("content", "width=device-width, initial-scale=1"),
            )
            .and(element("meta").with("name", "robots").with("content", "noindex"))
            .and(
                element("meta")
                    .with("name", "color-scheme")
                    .with("content", "light dark"),
            )
            .and(element("title").text(&if self.problems.is_empty() {
                self.title.clone()
            } else {
                format!("Error: {}", self.title)
            }))
            .and(element("style").style_sheet(style::SHEET));
        let mut main = element("main");
        if !self.problems.is_empty() {
            main = main.and(summary(&self.problems));
        }
        if let Some(notice) = &self.notice {
            main = main.and(
                element("p")
                    .with("class", "notice")
                    .with("role", "status")
                    .text(notice),
            );
        }
        let main = main.and(element("h1").text(&self.title)).and(self.body);
        let html = element("html")
            .with("lang", "en")
            .and(head)
            .and(element("body").and(main));
        Html::from(html).document()
    }
}

/// Begins a form with hidden values.
pub(crate) fn form(action: &str, hidden: &[(&str, &str)]) -> Element {
    let mut form = element("form").with("method", "post").with("action", action);
    for (name, value) in hidden {
        form = form.and(
            element("input")
                .with("type", "hidden")
                .with("name", name)
                .with("value", value),
        );
    }
    form
}

/// Returns a link in a paragraph, behind `lead`.
pub(crate) fn link(lead: &str, to: &str, text: &str) -> Element {
    element("p")
        .text(lead)
        .and(element("a").with("href", to).text(text))
}

fn summary(problems: &[Problem]) -> Element {
    let mut list = element("ul");
    for problem in problems {
        let item = element("li");
        list = list.and(match &problem.field {
            Some(field) => item.and(
                element("a")
                    .with("href", &format!("#{field}"))
                    .text(&problem.message),
            ),
            None => item.text(&problem.message),
        });
    }
    element("div")
        .with("class", "summary")
        .with("role", "alert")
        .with("tabindex", "-1")
        .flag("autofocus")
        .with("aria-labelledby", "summary-title")
        .and(
            element("h2")
                .with("id", "summary-title")
                .text("There is a problem"),
        )
        .and(list)
}
