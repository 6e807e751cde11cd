//! A file of rules, cut into its rules before Cedar reads them, so that every mistake can name its
//! line and one broken rule does not hide what is wrong with the next.

/// One rule of a file, from its first annotation to its semicolon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    /// The line of its first character, counted from 1.
    pub(super) line: usize,
    /// Its text, the semicolon included when there is one.
    pub(super) text: &'a str,
}

/// Cuts a file at the semicolons that stand outside texts and comments.
pub(super) fn split(file: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut start = None;
    let mut inside = Inside::Nothing;
    let mut characters = file.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match inside {
            Inside::Comment if c == '\n' => inside = Inside::Nothing,
            Inside::Text if c == '\\' => {
                characters.next();
            }
            Inside::Text if c == '"' => inside = Inside::Nothing,
            Inside::Comment | Inside::Text => {}
            Inside::Nothing => {
                if c == '/' && characters.peek().is_some_and(|(_, next)| *next == '/') {
                    inside = Inside::Comment;
                    continue;
                }
                if c == '"' {
                    inside = Inside::Text;
                }
                if !c.is_whitespace() && start.is_none() {
                    start = Some(at);
                }
                if c == ';' {
                    push(&mut statements, file, start.take(), at + 1);
                }
            }
        }
    }
    push(&mut statements, file, start, file.len());
    statements
}

#[derive(Clone, Copy)]
enum Inside {
    Nothing,
    Comment,
    Text,
}

fn push<'a>(statements: &mut Vec<Statement<'a>>, file: &'a str, start: Option<usize>, end: usize) {
    if let Some(start) = start
        && let Some(text) = file.get(start..end)
    {
        statements.push(Statement {
            line: super::source::line_at(file, start),
            text,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_cut_at_semicolons_outside_texts_and_comments() {
        let cut =
            |file| -> Vec<(usize, &str)> { split(file).iter().map(|s| (s.line, s.text)).collect() };
        assert_eq!(cut("// alleen; commentaar\n"), []);
        assert_eq!(cut("permit (a"), [(1, "permit (a")]);
        assert_eq!(
            cut("// a; b\n@id(\"x;\\\";y\")\npermit (); // c;\n\nforbid () // \"\n;"),
            [
                (2, "@id(\"x;\\\";y\")\npermit ();"),
                (5, "forbid () // \"\n;"),
            ]
        );
    }
}
