//! A reader of the files this module writes, and of no others: enough of PDF to find every object by
//! the table at its end, every text with its place, and what the text is said to be.

use std::collections::BTreeMap;

use crate::paper::text::{Face, encode, measure};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Name(String),
    Number(f32),
    Text(Vec<u8>),
    Array(Vec<Value>),
    Dict(BTreeMap<String, Value>),
    Ref(i32),
    Word(String),
}

impl Value {
    pub(super) fn dict(&self) -> &BTreeMap<String, Value> {
        match self {
            Self::Dict(dict) => dict,
            other => panic!("not a dictionary: {other:?}"),
        }
    }

    pub(super) fn array(&self) -> &[Value] {
        match self {
            Self::Array(values) => values,
            other => panic!("not an array: {other:?}"),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            other => panic!("not a name: {other:?}"),
        }
    }

    pub(super) fn number(&self) -> f32 {
        match self {
            Self::Number(number) => *number,
            other => panic!("not a number: {other:?}"),
        }
    }

    pub(super) fn reference(&self) -> i32 {
        match self {
            Self::Ref(id) => *id,
            other => panic!("not a reference: {other:?}"),
        }
    }

    /// A text string: ASCII, or UTF-16 after its mark.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(bytes) if bytes.starts_with(b"\xfe\xff") => {
                let pairs: Vec<u16> = bytes[2..]
                    .chunks(2)
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect();
                String::from_utf16(&pairs).unwrap()
            }
            Self::Text(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("not a text: {other:?}"),
        }
    }
}

struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Tokens<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while self.at < self.bytes.len() && self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn word(&mut self) -> String {
        let from = self.at;
        while self.at < self.bytes.len()
            && !self.peek().is_ascii_whitespace()
            && !b"()<>[]/".contains(&self.peek())
        {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.bytes[from..self.at]).into_owned()
    }

    /// The next value; `None` at the end.
    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        if self.at >= self.bytes.len() {
            return None;
        }
        Some(match self.peek() {
            b'/' => {
                self.at += 1;
                Value::Name(self.word())
            }
            b'(' => self.literal(),
            b'<' if self.bytes[self.at + 1] == b'<' => self.dictionary(),
            b'<' => {
                let end = self.at
                    + self.bytes[self.at..]
                        .iter()
                        .position(|b| *b == b'>')
                        .unwrap();
                let hex = std::str::from_utf8(&self.bytes[self.at + 1..end]).unwrap();
                self.at = end + 1;
                let byte = |pair: &[u8]| {
                    u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()
                };
                Value::Text(hex.as_bytes().chunks(2).map(byte).collect())
            }
            b'[' => {
                self.at += 1;
                let mut values = Vec::new();
                loop {
                    self.skip_space();
                    if self.peek() == b']' {
                        self.at += 1;
                        break Value::Array(values);
                    }
                    values.push(self.value().unwrap());
                }
            }
            _ => self.number_or_word(),
        })
    }

    fn number_or_word(&mut self) -> Value {
        let word = self.word();
        assert!(
            !word.is_empty(),
            "unexpected {:?} at {}",
            self.peek(),
            self.at
        );
        let Ok(number) = word.parse::<f32>() else {
            return Value::Word(word);
        };
        let after = self.at;
        if let Ok(id) = word.parse() {
            self.skip_space();
            if self.word() == "0" {
                self.skip_space();
                if self.word() == "R" {
                    return Value::Ref(id);
                }
            }
            self.at = after;
        }
        Value::Number(number)
    }

    fn literal(&mut self) -> Value {
        let (mut depth, mut text) = (0, Vec::new());
        loop {
            let byte = self.peek();
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => {
                    text.push(self.peek());
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                break Value::Text(text[1..].to_vec());
            }
            text.push(byte);
        }
    }

    fn dictionary(&mut self) -> Value {
        self.at += 2;
        let mut dict = BTreeMap::new();
        loop {
            self.skip_space();
            if self.peek() == b'>' {
                self.at += 2;
                break Value::Dict(dict);
            }
            let name = self.value().unwrap().name().to_owned();
            let again = dict.insert(name, self.value().unwrap());
            assert_eq!(again, None);
        }
    }
}

/// A line of text on a page.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) page: usize,
    /// The number of its marked content; none for an artifact.
    pub(super) mark: Option<usize>,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) text: String,
}

pub(super) struct File {
    objects: BTreeMap<i32, (Value, Vec<u8>)>,
    pub(super) catalog: BTreeMap<String, Value>,
    pub(super) info: BTreeMap<String, Value>,
    pub(super) pages: Vec<i32>,
    pub(super) shown: Vec<Shown>,
}

impl File {
    /// Reads the whole file, and fails if anything in it is not as the standard wants it.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let tail = String::from_utf8_lossy(&bytes[bytes.len() - 64..]).into_owned();
        let start = tail.split("startxref\n").nth(1).unwrap();
        let start: usize = start.lines().next().unwrap().parse().unwrap();
        let mut tokens = Tokens { bytes, at: start };
        assert_eq!(tokens.word(), "xref");
        tokens.skip_space();
        tokens.word();
        tokens.skip_space();
        let count: usize = tokens.word().parse().unwrap();
        tokens.skip_space();
        let mut objects = BTreeMap::new();
        for id in 0..count {
            let line = &bytes[tokens.at + 20 * id..tokens.at + 20 * (id + 1)];
            if id > 0 {
                assert_eq!(line[17], b'n', "object {id} is not used");
                let offset = std::str::from_utf8(&line[..10]).unwrap().parse().unwrap();
                objects.insert(i32::try_from(id).unwrap(), object(bytes, offset, id));
            }
        }
        tokens.at += 20 * count;
        tokens.skip_space();
        assert_eq!(tokens.word(), "trailer");
        let trailer = tokens.value().unwrap();
        let get = |key: &str| {
            let id = trailer.dict()[key].reference();
            objects[&id].0.dict().clone()
        };
        let (catalog, info) = (get("Root"), get("Info"));
        let tree = objects[&catalog["Pages"].reference()].0.dict().clone();
        let pages = tree["Kids"].array().iter().map(Value::reference).collect();
        let mut file = Self {
            objects,
            catalog,
            info,
            pages,
            shown: Vec::new(),
        };
        for page in 0..file.pages.len() {
            file.read_page(page);
        }
        file.check_tree();
        file
    }

    pub(super) fn object(&self, id: i32) -> &BTreeMap<String, Value> {
        self.objects[&id].0.dict()
    }

    pub(super) fn stream(&self, id: i32) -> &[u8] {
        &self.objects[&id].1
    }

    fn read_page(&mut self, page: usize) {
        let id = self.object(self.pages[page])["Contents"].reference();
        let content = self.stream(id).to_vec();
        let mut tokens = Tokens {
            bytes: &content,
            at: 0,
        };
        let (mut operands, mut open, mut face) = (Vec::new(), None, (Face::Regular, 0.0));
        let (mut x, mut y, mut leading) = (0.0, 0.0, 0.0);
        while let Some(value) = tokens.value() {
            let Value::Word(word) = value else {
                operands.push(value);
                continue;
            };
            match word.as_str() {
                "BDC" => {
                    assert_eq!(open, None, "marks are not nested");
                    let says: &BTreeMap<_, _> = operands[1].dict();
                    let mark = says.get("MCID").map(|mark| mark.number().to_string());
                    assert_eq!(mark.is_none(), operands[0].name() == "Artifact");
                    open = Some(mark.map(|mark| mark.parse::<usize>().unwrap()));
                }
                "EMC" => assert!(open.take().is_some()),
                "Tf" => {
                    let bold = operands[0].name() == "F2";
                    let known = if bold { Face::Bold } else { Face::Regular };
                    face = (known, operands[1].number());
                }
                "TL" => leading = operands[0].number(),
                "Td" => (x, y) = (operands[0].number(), operands[1].number()),
                "Tj" | "'" => {
                    if word == "'" {
                        y -= leading;
                    }
                    let Value::Text(bytes) = &operands[0] else {
                        panic!("{operands:?}");
                    };
                    self.shown.push(Shown {
                        page,
                        mark: open.unwrap_or_else(|| panic!("text without a mark")),
                        x,
                        y,
                        width: measure(bytes.trim_ascii_end(), face.0, face.1),
                        text: decoded(bytes),
                    });
                }
                "re" | "S" | "f" => assert!(open.is_some(), "a drawing without a mark"),
                _ => {}
            }
            operands.clear();
        }
        assert_eq!(open, None);
    }

    /// Every piece of marked content belongs to exactly one element, by both roads: from the element
    /// down, and from the page's list of elements; and elements know their parents.
    fn check_tree(&self) {
        let root = self.catalog["StructTreeRoot"].reference();
        let mut by_elements = BTreeMap::new();
        let document = self.object(root)["K"].reference();
        self.check_element(document, root, &mut by_elements);
        let nums = self.object(root)["ParentTree"].dict()["Nums"].array();
        let mut by_pages = BTreeMap::new();
        for (number, pair) in nums.chunks(2).enumerate() {
            let page = self.pages[number];
            assert_eq!(self.object(page)["StructParents"], pair[0]);
            for (mark, element) in self.objects[&pair[1].reference()]
                .0
                .array()
                .iter()
                .enumerate()
            {
                by_pages.insert((page, mark), element.reference());
            }
        }
        assert_eq!(nums.len(), 2 * self.pages.len());
        assert_eq!(by_elements, by_pages);
        for shown in self.shown.iter().filter(|shown| shown.mark.is_some()) {
            assert!(by_pages.contains_key(&(self.pages[shown.page], shown.mark.unwrap())));
        }
    }

    fn check_element(&self, id: i32, parent: i32, found: &mut BTreeMap<(i32, usize), i32>) {
        let element = self.object(id);
        assert_eq!(element["P"], Value::Ref(parent));
        for kid in self.kids(id) {
            match kid {
                Kid::Element(kid) => self.check_element(kid, id, found),
                Kid::Content(page, mark) => {
                    assert_eq!(found.insert((page, mark), id), None, "one element each");
                }
            }
        }
    }

    pub(super) fn kids(&self, id: i32) -> Vec<Kid> {
        let element = self.object(id);
        let Some(kids) = element.get("K") else {
            return Vec::new();
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "numbers of marked content are small and whole"
        )]
        let kid = |kid: &Value| match kid {
            Value::Ref(id) => Kid::Element(*id),
            Value::Number(mark) => Kid::Content(element["Pg"].reference(), *mark as usize),
            other => {
                let other = other.dict();
                assert_eq!(other["Type"].name(), "MCR");
                Kid::Content(other["Pg"].reference(), other["MCID"].number() as usize)
            }
        };
        kids.array().iter().map(kid).collect()
    }

    /// The elements with their texts, in the order in which they are read aloud.
    pub(super) fn outline(&self) -> Vec<(usize, String, String)> {
        let root = self.catalog["StructTreeRoot"].reference();
        let mut out = Vec::new();
        self.outline_of(self.object(root)["K"].reference(), 0, &mut out);
        out
    }

    fn outline_of(&self, id: i32, depth: usize, out: &mut Vec<(usize, String, String)>) {
        let role = self.object(id)["S"].name().to_owned();
        out.push((depth, role, String::new()));
        let own = out.len() - 1;
        for kid in self.kids(id) {
            match kid {
                Kid::Element(kid) => self.outline_of(kid, depth + 1, out),
                Kid::Content(page, mark) => {
                    let page = self.pages.iter().position(|known| *known == page);
                    let lines = self
                        .shown
                        .iter()
                        .filter(|shown| Some(shown.page) == page && shown.mark == Some(mark));
                    out[own].2.extend(lines.map(|line| line.text.as_str()));
                }
            }
        }
    }

    /// What all elements with this role say, in order.
    pub(super) fn texts(&self, role: &str) -> Vec<String> {
        let outline = self.outline().into_iter();
        outline
            .filter(|(_, own, _)| own == role)
            .map(|(_, _, text)| text)
            .collect()
    }

    /// The texts that are not read aloud.
    pub(super) fn artifacts(&self) -> Vec<&str> {
        let shown = self.shown.iter().filter(|shown| shown.mark.is_none());
        shown.map(|shown| shown.text.as_str()).collect()
    }
}

pub(super) enum Kid {
    Element(i32),
    Content(i32, usize),
}

fn object(bytes: &[u8], offset: usize, id: usize) -> (Value, Vec<u8>) {
    let mut tokens = Tokens { bytes, at: offset };
    assert_eq!(tokens.word(), id.to_string());
    tokens.skip_space();
    assert_eq!(tokens.word(), "0");
    tokens.skip_space();
    assert_eq!(tokens.word(), "obj");
    let value = tokens.value().unwrap();
    tokens.skip_space();
    if tokens.word() == "endobj" {
        return (value, Vec::new());
    }
    // A stream: its first byte follows the line end.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the streams of these tests have less than 2^24 bytes"
    )]
    let length = value.dict()["Length"].number() as usize;
    let from = tokens.at + 1;
    let stream = bytes[from..from + length].to_vec();
    tokens.at = from + length;
    tokens.skip_space();
    assert_eq!(tokens.word(), "endstream");
    (value, stream)
}

/// From `WinAnsiEncoding`.
fn decoded(bytes: &[u8]) -> String {
    let signs = ('\u{a0}'..='\u{ff}').chain("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".chars());
    let known: BTreeMap<u8, char> = signs
        .map(|c| (encode(&c.to_string()), c))
        .filter_map(|(bytes, c)| Some((*bytes.first()?, c)))
        .collect();
    let sign = |byte: &u8| match byte {
        0x20..=0x7e => char::from(*byte),
        byte => known[byte],
    };
    bytes.iter().map(sign).collect()
}
