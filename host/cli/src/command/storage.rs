//! `orv storage`.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread::available_parallelism;

use clap::Subcommand;
use orv_content::identity::MatchedHash;
use orv_content::merkle::{Commitment, Engine, StreamError};
use orv_content::{Root, Sha256, Sha256Hasher};
use orv_storage::{FileId, IndexSource, NodeView, VerifiedFile};
use serde_json::{Value, json};

use crate::{code::Code, failure::Failure, output::Answer, session::Session};

/// Schema of what is said about one content.
const CONTENT: &str = "orv.content/1";

#[derive(Debug, Subcommand)]
pub enum StorageCommand {
    /// Store a file on 0G, paid by --wallet
    #[command(
        after_help = "Content that is there already is not paid for again, and an upload that broke off is gone on with.\n\n\
        Example:\n  orv storage put benchmark.tar --wallet main"
    )]
    Put {
        /// The file
        file: PathBuf,
    },
    /// Get content by its root or its number in the flow; every byte is checked against the root
    #[command(
        after_help = "Under a number, the storage nodes' word is taken for which root it has; the answer names the root.\n\n\
        Example:\n  orv storage get --out hello.txt \\\n    \
        0xc582bf8f675711ba90d82fd28c290a7e6d942ec247b2ed92175bd220d4449abc"
    )]
    Get {
        /// The root, 0x and 64 digits, or the number; with --artifact-index also a SHA-256
        id: ContentId,
        /// Where to write it; an existing file is not replaced
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Its size in bytes, where it is known: a root alone does not bind it
        #[arg(long)]
        size: Option<u64>,
        /// Where upstream's miners list the bytes of a SHA-256: a file or an http(s) address
        #[arg(long, value_name = "FILE|URL", env = "ORV_ARTIFACT_INDEX")]
        artifact_index: Option<String>,
    },
    /// Print a file's root; nobody is asked
    #[command(
        after_help = "A file of any size is read once, with a few mebibytes of memory.\n\nExample:\n  orv storage root benchmark.tar"
    )]
    Root {
        /// The file
        file: PathBuf,
    },
    /// Check that a file is what a root or a SHA-256 names; nobody is asked
    #[command(after_help = "A file that is something else ends with exit status 3.\n\n\
        Example:\n  orv storage verify hello.txt --size 6 \\\n    \
        0xc582bf8f675711ba90d82fd28c290a7e6d942ec247b2ed92175bd220d4449abc")]
    Verify {
        /// The file
        file: PathBuf,
        /// The root or the SHA-256: 0x and 64 digits
        hash: Root,
        /// Its size in bytes, where it is known: a root alone does not bind it
        #[arg(long)]
        size: Option<u64>,
    },
    /// Show what each storage node says of a content; nothing of it is proved
    #[command(
        after_help = "Example:\n  orv storage info 0xc582bf8f675711ba90d82fd28c290a7e6d942ec247b2ed92175bd220d4449abc"
    )]
    Info {
        /// The root, 0x and 64 digits, or the number in the flow
        id: ContentId,
    },
}

/// A content as it is named on the command line.
#[derive(Debug, Clone, Copy)]
pub struct ContentId(FileId);

impl FromStr for ContentId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Self(FileId::Sequence(number)));
        }
        let root = text.parse().map(|root| Self(FileId::Root(root)));
        root.map_err(|_| "neither a number nor 0x and 64 digits".to_owned())
    }
}

pub async fn run(command: StorageCommand, session: &Session) -> Result<Answer, Failure> {
    match command {
        StorageCommand::Put { file } => put(&file, session).await,
        StorageCommand::Get {
            id,
            out,
            size,
            artifact_index,
        } => get(id, &out, size, artifact_index.as_deref(), session).await,
        StorageCommand::Root { file } => {
            let found = commitment(&file)?;
            Ok(Answer::new(CONTENT, fields(&found)?, found.root.to_string()))
        }
        StorageCommand::Verify { file, hash, size } => verify(&file, hash, size),
        StorageCommand::Info { id } => info(id, session).await,
    }
}

async fn put(path: &Path, session: &Session) -> Result<Answer, Failure> {
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    let wallet = session.open_wallet()?;
    let storage = session.storage()?;
    let owner = session.owner(session.bare_chain().await?, wallet);
    let published = storage.put_file(file, &owner).await?;
    let transaction = published.transaction.map(|hash| hash.to_string());
    let fields = json!({
        "root": published.root,
        "size": published.size,
        "sequence": published.sequence,
        "transaction": transaction,
    });
    Ok(Answer::new(CONTENT, fields, published.root.to_string()))
}

async fn get(
    id: ContentId,
    out: &Path,
    size: Option<u64>,
    index: Option<&str>,
    session: &Session,
) -> Result<Answer, Failure> {
    let has_index = index.is_some();
    let index = index.map(str::parse::<IndexSource>).transpose()?;
    let storage = session.storage_with(index)?;
    let (hash, found) = match id.0 {
        FileId::Sequence(sequence) => storage.get_by_sequence(sequence).await?,
        FileId::Root(hash) if has_index => (hash, storage.get_by_hash(hash.0).await?),
        FileId::Root(root) => (root, storage.get(root, size).await?),
    };
    if let Some(expected) = size.filter(|size| *size != found.size) {
        let text = format!("content of {} bytes, {expected} were expected", found.size);
        return Err(Failure::new(Code::OtherContent, text));
    }
    write_new(&found, out).map_err(|error| Failure::file(out, &error))?;
    let named = match found.matched {
        MatchedHash::ZeroGRoot => "root",
        MatchedHash::Sha256 => "sha256",
    };
    let fields = json!({ named: hash, "size": found.size, "path": out });
    let text = format!("{} bytes in {}", found.size, out.display());
    Ok(Answer::new(CONTENT, fields, text))
}

/// Writes the whole file, or leaves none: a part of it under that name would be taken for it.
fn write_new(content: &VerifiedFile, out: &Path) -> io::Result<()> {
    let mut source = content.open()?;
    let mut target = File::create_new(out)?;
    let written = io::copy(&mut source, &mut target).map(drop);
    written.or_else(|error| std::fs::remove_file(out).and(Err(error)))
}

/// Every root and size is computed; the SHA-256 only where the root is another.
fn verify(path: &Path, hash: Root, size: Option<u64>) -> Result<Answer, Failure> {
    let found = commitment(path)?;
    let is_root = found.root == hash;
    let sha256 = if is_root { None } else { Some(sha256_of(path)?) };
    let is_sha256 = sha256.is_some_and(|sha256| sha256.0 == hash.0);
    let mismatch = if !is_root && !is_sha256 {
        Some(format!("{} has the root {}, not {hash}", path.display(), found.root))
    } else {
        let other = size.filter(|size| *size != found.length);
        other.map(|size| format!("{} has {} bytes, not {size}", path.display(), found.length))
    };
    if let Some(text) = mismatch {
        return Err(Failure::new(Code::OtherContent, text));
    }
    let mut fields = fields(&found)?;
    let matched = if is_root { "root" } else { "sha256" };
    // The zeros at the end are not the root's.
    let size_is_known = is_sha256 || size.is_some();
    if let Value::Object(fields) = &mut fields {
        fields.insert("matched".to_owned(), matched.into());
        fields.insert("size_checked".to_owned(), size_is_known.into());
        fields.insert("path".to_owned(), json!(path));
    }
    let (path, length) = (path.display(), found.length);
    let text = if size_is_known {
        format!("{path}: {matched} and {length} bytes are right")
    } else {
        format!("{path}: root is right; that it has {length} bytes a root does not say, --size does")
    };
    Ok(Answer::new(CONTENT, fields, text))
}

async fn info(id: ContentId, session: &Session) -> Result<Answer, Failure> {
    let views = session.storage()?.describe(id.0).await?;
    let nodes: Vec<_> = views.iter().map(node_fields).collect();
    let lines: Vec<_> = views.iter().map(node_line).collect();
    Ok(Answer::new(
        "orv.storage-info/1",
        json!({ "nodes": nodes }),
        lines.join("\n"),
    ))
}

fn node_fields(view: &NodeView) -> Value {
    match &view.file {
        Ok(file) => json!({ "server": view.server, "shard": view.shard, "file": file }),
        Err(fault) => json!({ "server": view.server, "shard": view.shard, "fault": fault.to_string() }),
    }
}

fn node_line(view: &NodeView) -> String {
    let file = match &view.file {
        Err(fault) => return format!("{}: {fault}", view.server),
        Ok(file) => file,
    };
    let state = match (file.finalized, file.pruned) {
        (_, true) => "pruned".to_owned(),
        (true, false) => "finalized".to_owned(),
        (false, false) => format!("{} segments so far", file.uploaded_segments),
    };
    let (root, size, sequence) = (file.root, file.size, file.sequence);
    format!("{}: {root}, {size} bytes, number {sequence}, {state}", view.server)
}

fn fields(found: &Commitment) -> Result<Value, Failure> {
    let shape = found.shape();
    let shape = shape.map_err(|error| Failure::new(Code::File, error.to_string()))?;
    Ok(json!({ "root": found.root, "size": found.length, "segments": shape.data_segments() }))
}

fn commitment(path: &Path) -> Result<Commitment, Failure> {
    let failed = |error: io::Error| Failure::file(path, &error);
    let engine = Engine::one_thread().with_threads(available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let file = File::open(path).map_err(failed)?;
    Commitment::of_stream(&engine, file, u64::MAX).map_err(|error| match error {
        StreamError::Read(error) => failed(error),
        other => Failure::new(Code::File, format!("{}: {other}", path.display())),
    })
}

fn sha256_of(path: &Path) -> Result<Sha256, Failure> {
    let failed = |error: io::Error| Failure::file(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hasher, mut buffer) = (Sha256Hasher::new(), vec![0; 1 << 20]);
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        match buffer.get(..count) {
            None | Some([]) => return Ok(hasher.finish()),
            Some(piece) => hasher.update(piece),
        }
    }
}
