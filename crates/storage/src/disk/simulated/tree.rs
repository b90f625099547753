//! Names: the directories as they are, and as they would be after a crash.
//!
//! Not the job of this module: the content of files, locks, injected faults.
//!
//! Each change of names is kept in order until a sync makes it durable. A synced directory takes
//! along the changes in it and, of the earlier ones, those they build on: a name moved into it is
//! gone from where it was. It does not take along its own name, which is its parent's affair. Of
//! the rest a crash keeps the oldest, as a file system with a journal does.
//!
//! Invariants:
//! - The root is always there.
//! - A node has a place if, and only if, a current name leads to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::super::{DirectoryEntry, DiskErrorKind};
use super::content::Content;
use super::random::SplitMix64;

/// What a file or directory is known by, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(u64);

#[derive(Debug)]
pub(super) struct Tree {
    nodes: BTreeMap<NodeId, Node>,
    nodes_created: u64,
    /// Oldest first.
    unsynced: Vec<Change>,
}

#[derive(Debug)]
struct Node {
    place: Option<Slot>,
    kind: NodeKind,
}

#[derive(Debug)]
enum NodeKind {
    File(Content),
    Directory(Directory),
}

#[derive(Debug, Default)]
struct Directory {
    current: BTreeMap<String, NodeId>,
    durable: BTreeMap<String, NodeId>,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    directory: NodeId,
    name: String,
}

/// The slots changed at once, and what each leads to afterwards.
#[derive(Debug)]
struct Change(Vec<(Slot, Option<NodeId>)>);

const ROOT: NodeId = NodeId(0);

impl Tree {
    pub(super) fn new() -> Self {
        let root = Node {
            place: None,
            kind: NodeKind::Directory(Directory::default()),
        };
        Self {
            nodes: BTreeMap::from([(ROOT, root)]),
            nodes_created: 1,
            unsynced: Vec::new(),
        }
    }

    pub(super) fn create_file(&mut self, path: &Path) -> Result<NodeId, DiskErrorKind> {
        let slot = self.slot(path)?;
        if self.entry(&slot).is_some() {
            return Err(DiskErrorKind::AlreadyExists);
        }
        Ok(self.create(slot, NodeKind::File(Content::default())))
    }

    pub(super) fn create_directories(&mut self, path: &Path) -> Result<(), DiskErrorKind> {
        let mut directory = ROOT;
        for name in names(path)? {
            let slot = Slot {
                directory,
                name: name.to_owned(),
            };
            directory = match self.entry(&slot) {
                Some(existing) => existing,
                None => self.create(slot, NodeKind::Directory(Directory::default())),
            };
            self.directory(directory)?;
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), DiskErrorKind> {
        let (from, to) = (self.slot(from)?, self.slot(to)?);
        let node = self.entry(&from).ok_or(DiskErrorKind::NotFound)?;
        if from == to {
            return Ok(());
        }
        let is_into_itself = self.ancestors(to.directory).contains(&node);
        let can_replace = match self.entry(&to) {
            None => true,
            Some(replaced) => match (self.directory(node), self.directory(replaced)) {
                (Err(_), Err(_)) => true,
                (Ok(_), Ok(replaced)) => replaced.current.is_empty(),
                _ => false,
            },
        };
        if is_into_itself || !can_replace {
            return Err(DiskErrorKind::Failed);
        }
        self.change(Change(vec![(from, None), (to, Some(node))]));
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> Result<(), DiskErrorKind> {
        let slot = self.slot(path)?;
        let node = self.entry(&slot).ok_or(DiskErrorKind::NotFound)?;
        self.file(node).ok_or(DiskErrorKind::Failed)?;
        self.change(Change(vec![(slot, None)]));
        Ok(())
    }

    /// Removes name by name, the deepest first: a crash may leave some of them.
    pub(super) fn remove_directory(&mut self, path: &Path) -> Result<(), DiskErrorKind> {
        let slot = self.slot(path)?;
        let top = self.entry(&slot).ok_or(DiskErrorKind::NotFound)?;
        self.directory(top)?;
        let mut slots = vec![slot];
        let mut next = 0;
        while let Some(slot) = slots.get(next) {
            let directory = self.entry(slot).ok_or(DiskErrorKind::NotFound)?;
            if let Ok(Directory { current, .. }) = self.directory(directory) {
                slots.extend(current.keys().map(|name| Slot {
                    directory,
                    name: name.clone(),
                }));
            }
            next += 1;
        }
        for slot in slots.into_iter().rev() {
            self.change(Change(vec![(slot, None)]));
        }
        Ok(())
    }

    pub(super) fn sync_directory(&mut self, path: &Path) -> Result<(), DiskErrorKind> {
        let synced = self.find(path)?;
        self.directory(synced)?;
        let mut durable = Vec::new();
        let mut left = Vec::new();
        let mut built_on = BTreeSet::new();
        for change in std::mem::take(&mut self.unsynced).into_iter().rev() {
            let is_durable = change
                .slots()
                .any(|slot| slot.directory == synced || built_on.contains(slot));
            if is_durable {
                built_on.extend(change.slots().cloned());
                durable.push(change);
            } else {
                left.push(change);
            }
        }
        self.unsynced = left.into_iter().rev().collect();
        for change in durable.into_iter().rev() {
            self.make_durable(change);
        }
        self.sweep();
        Ok(())
    }

    /// Forgets the unsynced changes but for an arbitrary number of the oldest, and arbitrary parts
    /// of unsynced content.
    pub(super) fn crash(&mut self, random: &mut SplitMix64) {
        let kept = random.below(self.unsynced.len() as u64 + 1) as usize;
        let unsynced = std::mem::take(&mut self.unsynced);
        for change in unsynced.into_iter().take(kept) {
            self.make_durable(change);
        }
        for node in self.nodes.values_mut() {
            node.place = None;
            if let NodeKind::Directory(directory) = &mut node.kind {
                directory.current = directory.durable.clone();
            }
        }
        self.sweep();
        let mut directories = vec![ROOT];
        while let Some(directory) = directories.pop() {
            for (name, node) in self.directory_mut(directory).current.clone() {
                let slot = Slot { directory, name };
                let found = self.nodes.get_mut(&node).expect("swept by the same names");
                found.place = Some(slot);
                match &mut found.kind {
                    NodeKind::File(content) => content.crash(random),
                    NodeKind::Directory(_) => directories.push(node),
                }
            }
        }
    }

    /// The content of a file; none of a directory or of what is no more.
    pub(super) fn file_mut(&mut self, node: NodeId) -> Option<&mut Content> {
        match &mut self.nodes.get_mut(&node)?.kind {
            NodeKind::File(content) => Some(content),
            NodeKind::Directory(_) => None,
        }
    }

    pub(super) fn file(&self, node: NodeId) -> Option<&Content> {
        match &self.nodes.get(&node)?.kind {
            NodeKind::File(content) => Some(content),
            NodeKind::Directory(_) => None,
        }
    }

    pub(super) fn find(&self, path: &Path) -> Result<NodeId, DiskErrorKind> {
        let mut node = ROOT;
        for name in names(path)? {
            let entries = &self.directory(node)?.current;
            node = *entries.get(name).ok_or(DiskErrorKind::NotFound)?;
        }
        Ok(node)
    }

    pub(super) fn list(&self, path: &Path) -> Result<Vec<DirectoryEntry>, DiskErrorKind> {
        let entries = &self.directory(self.find(path)?)?.current;
        let listed = entries.iter().map(|(name, node)| {
            let file = self.file(*node);
            DirectoryEntry {
                name: name.clone(),
                is_directory: file.is_none(),
                size: file.map_or(0, |content| content.current().size()),
            }
        });
        Ok(listed.collect())
    }

    /// The present path; none if no name leads to the node any more.
    pub(super) fn path(&self, node: NodeId) -> Option<PathBuf> {
        let mut names = Vec::new();
        let mut node = node;
        while node != ROOT {
            let slot = self.nodes.get(&node)?.place.as_ref()?;
            names.push(&slot.name);
            node = slot.directory;
        }
        let mut path = PathBuf::from("/");
        path.extend(names.into_iter().rev());
        Some(path)
    }

    /// The files that would be there after a crash that keeps nothing unsynced.
    pub(super) fn durable_files(&self) -> Vec<(PathBuf, &Content)> {
        let mut files = Vec::new();
        let mut open = vec![(PathBuf::from("/"), ROOT)];
        while let Some((path, node)) = open.pop() {
            match self.nodes.get(&node).map(|node| &node.kind) {
                Some(NodeKind::Directory(directory)) => {
                    let entries = directory.durable.iter();
                    open.extend(entries.map(|(name, node)| (path.join(name), *node)));
                }
                Some(NodeKind::File(content)) => files.push((path, content)),
                None => {}
            }
        }
        files
    }

    /// How much space the files take up that have a name.
    pub(super) fn space_bytes(&self) -> u64 {
        let named = self.nodes.values().filter(|node| node.place.is_some());
        let bytes = named.map(|node| match &node.kind {
            NodeKind::File(content) => content.current().space_bytes(),
            NodeKind::Directory(_) => 0,
        });
        bytes.sum()
    }

    fn create(&mut self, slot: Slot, kind: NodeKind) -> NodeId {
        let node = NodeId(self.nodes_created);
        self.nodes_created += 1;
        self.nodes.insert(node, Node { place: None, kind });
        self.change(Change(vec![(slot, Some(node))]));
        node
    }

    fn change(&mut self, change: Change) {
        for (slot, node) in &change.0 {
            let previous = match node {
                Some(node) => self
                    .directory_mut(slot.directory)
                    .current
                    .insert(slot.name.clone(), *node),
                None => self
                    .directory_mut(slot.directory)
                    .current
                    .remove(&slot.name),
            };
            if let Some(previous) = previous.and_then(|previous| self.nodes.get_mut(&previous)) {
                previous.place = None;
            }
            if let Some(node) = node.and_then(|node| self.nodes.get_mut(&node)) {
                node.place = Some(slot.clone());
            }
        }
        self.unsynced.push(change);
    }

    fn make_durable(&mut self, change: Change) {
        for (slot, node) in change.0 {
            let directory = self.directory_mut(slot.directory);
            match node {
                Some(node) => directory.durable.insert(slot.name, node),
                None => directory.durable.remove(&slot.name),
            };
        }
    }

    /// Drops the nodes that are not reached now and would not be after a crash.
    fn sweep(&mut self) {
        let mut reached = BTreeSet::new();
        let mut open = vec![ROOT];
        let changes = self.unsynced.iter().flat_map(|change| &change.0);
        for (slot, node) in changes {
            open.push(slot.directory);
            open.extend(node);
        }
        while let Some(node) = open.pop() {
            if !reached.insert(node) {
                continue;
            }
            if let Ok(directory) = self.directory(node) {
                open.extend(directory.current.values());
                open.extend(directory.durable.values());
            }
        }
        self.nodes.retain(|node, _| reached.contains(node));
    }

    /// The slot of a path whose directory exists.
    fn slot(&self, path: &Path) -> Result<Slot, DiskErrorKind> {
        let name = names(path)?.pop().ok_or(DiskErrorKind::Failed)?.to_owned();
        let directory = self.find(path.parent().unwrap_or(Path::new("/")))?;
        self.directory(directory)?;
        Ok(Slot { directory, name })
    }

    fn entry(&self, slot: &Slot) -> Option<NodeId> {
        let directory = self.directory(slot.directory).ok()?;
        directory.current.get(&slot.name).copied()
    }

    /// A node with all directories it is in.
    fn ancestors(&self, node: NodeId) -> Vec<NodeId> {
        let parent = |node: &NodeId| Some(self.nodes.get(node)?.place.as_ref()?.directory);
        std::iter::successors(Some(node), parent).collect()
    }

    fn directory(&self, node: NodeId) -> Result<&Directory, DiskErrorKind> {
        match self.nodes.get(&node).map(|node| &node.kind) {
            Some(NodeKind::Directory(directory)) => Ok(directory),
            Some(NodeKind::File(_)) => Err(DiskErrorKind::Failed),
            None => Err(DiskErrorKind::NotFound),
        }
    }

    fn directory_mut(&mut self, node: NodeId) -> &mut Directory {
        match self.nodes.get_mut(&node).map(|node| &mut node.kind) {
            Some(NodeKind::Directory(directory)) => directory,
            _ => unreachable!("a slot is in a directory, which is kept while a change names it"),
        }
    }
}

impl Change {
    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.0.iter().map(|(slot, _)| slot)
    }
}

/// The names a path consists of.
fn names(path: &Path) -> Result<Vec<&str>, DiskErrorKind> {
    let parts = path.components().filter_map(|part| match part {
        Component::RootDir | Component::CurDir => None,
        Component::Normal(name) => Some(name.to_str().ok_or(DiskErrorKind::Failed)),
        Component::ParentDir | Component::Prefix(_) => Some(Err(DiskErrorKind::Failed)),
    });
    parts.collect()
}
