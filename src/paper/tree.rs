//! The structure of a document beside its looks: what is a heading, what belongs to which table
//! (ISO 32000-1, 14.7 and 14.8).

use pdf_writer::types::{ListNumbering, StructRole, TableHeaderScope};
use pdf_writer::{Name, Pdf, Rect, Ref, TextStr};

/// An element of the tree, by its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(usize);

#[derive(Debug)]
struct Element {
    role: StructRole,
    parent: Option<Node>,
    kids: Vec<Kid>,
    says: Says,
}

#[derive(Debug, Clone, Copy)]
enum Kid {
    Element(Node),
    /// Marked content: on which page, and its number there.
    Content(usize, usize),
}

/// What an element says beside its role.
#[derive(Debug)]
pub(super) enum Says {
    Nothing,
    /// A head of a column.
    OverColumn,
    /// A list with dots.
    Dots,
    /// A picture: its words, its place on the page.
    Picture(String, Rect),
}

#[derive(Debug)]
pub(super) struct Tree {
    elements: Vec<Element>,
    /// For every page, to which element each piece of its marked content belongs.
    pages: Vec<Vec<Node>>,
}

impl Tree {
    /// The root of all: the document.
    pub(super) const DOCUMENT: Node = Node(0);

    pub(super) fn new() -> Self {
        Self {
            elements: vec![Element {
                role: StructRole::Document,
                parent: None,
                kids: Vec::new(),
                says: Says::Nothing,
            }],
            pages: Vec::new(),
        }
    }

    /// A new element, the last of its parent.
    pub(super) fn add(&mut self, parent: Node, role: StructRole, says: Says) -> Node {
        let node = Node(self.elements.len());
        self.elements.push(Element {
            role,
            parent: Some(parent),
            kids: Vec::new(),
            says,
        });
        if let Some(parent) = self.elements.get_mut(parent.0) {
            parent.kids.push(Kid::Element(node));
        }
        node
    }

    /// Says where a picture stands, which is known only when it is placed.
    pub(super) fn place(&mut self, node: Node, words: &str, place: Rect) {
        if let Some(element) = self.elements.get_mut(node.0) {
            element.says = Says::Picture(words.to_owned(), place);
        }
    }

    /// A next page begins.
    pub(super) fn begin_page(&mut self) {
        self.pages.push(Vec::new());
    }

    /// What comes next on this page belongs to the element: gives its role, and the number of the
    /// content.
    pub(super) fn mark(&mut self, node: Node) -> (Name<'static>, i32) {
        let Some(page) = self.pages.len().checked_sub(1) else {
            return (StructRole::NonStruct.to_name(), 0);
        };
        let number = self.pages.get(page).map_or(0, Vec::len);
        if let Some(marks) = self.pages.get_mut(page) {
            marks.push(node);
        }
        let Some(element) = self.elements.get_mut(node.0) else {
            return (StructRole::NonStruct.to_name(), 0);
        };
        element.kids.push(Kid::Content(page, number));
        (element.role.to_name(), int(number))
    }

    /// How many objects [`Tree::write`] needs beyond the root.
    pub(super) fn objects(&self) -> usize {
        self.elements.len() + self.pages.len()
    }

    /// Writes the tree: its root, the elements from `first` on, and after them what each page's
    /// content belongs to.
    pub(super) fn write(&self, pdf: &mut Pdf, root: Ref, first: i32, pages: &[Ref]) {
        let element_ref = |node: Node| Ref::new(first + int(node.0));
        let marks_ref = |page: usize| Ref::new(first + int(self.elements.len() + page));
        let mut top = pdf
            .indirect(root)
            .start::<pdf_writer::writers::StructTreeRoot<'_>>();
        top.child(element_ref(Self::DOCUMENT))
            .parent_tree_next_key(int(self.pages.len()));
        let mut tree = top.parent_tree();
        let mut nums = tree.nums();
        for page in 0..self.pages.len() {
            nums.insert(int(page), marks_ref(page));
        }
        drop(nums);
        drop(tree);
        drop(top);
        for (at, element) in self.elements.iter().enumerate() {
            let mut out = pdf.struct_element(element_ref(Node(at)));
            out.kind(element.role)
                .parent(element.parent.map_or(root, element_ref));
            element.write(&mut out, element_ref, pages);
        }
        for (page, marks) in self.pages.iter().enumerate() {
            let nodes = marks.iter().map(|node| element_ref(*node));
            pdf.indirect(marks_ref(page)).array().items(nodes);
        }
    }
}

impl Element {
    fn write(
        &self,
        out: &mut pdf_writer::writers::StructElement<'_>,
        element_ref: impl Fn(Node) -> Ref,
        pages: &[Ref],
    ) {
        let own_page = self.kids.iter().find_map(|kid| match kid {
            Kid::Content(page, _) => Some(*page),
            Kid::Element(_) => None,
        });
        if let Some(page) = own_page.and_then(|page| pages.get(page)) {
            out.page(*page);
        }
        if !self.kids.is_empty() {
            let mut kids = out.children();
            for kid in &self.kids {
                match kid {
                    Kid::Element(node) => {
                        kids.struct_element(element_ref(*node));
                    }
                    Kid::Content(page, number) if Some(*page) == own_page => {
                        kids.marked_content_id(int(*number));
                    }
                    Kid::Content(page, number) => {
                        let mut reference = kids.marked_content_ref();
                        reference.marked_content_id(int(*number));
                        if let Some(page) = pages.get(*page) {
                            reference.page(*page);
                        }
                    }
                }
            }
        }
        match &self.says {
            Says::Nothing => {}
            Says::OverColumn => {
                let mut attributes = out.attributes();
                attributes.push().table().scope(TableHeaderScope::Column);
            }
            Says::Dots => {
                let mut attributes = out.attributes();
                attributes.push().list().list_numbering(ListNumbering::Disc);
            }
            Says::Picture(words, place) => {
                out.alt(TextStr(words));
                let mut attributes = out.attributes();
                attributes.push().layout().bbox(*place);
            }
        }
    }
}

/// Numbers in a PDF are of 32 bits; a document that would need more is never made.
pub(super) fn int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
