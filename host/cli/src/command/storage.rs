//! `orv storage`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use orv_content::{Root, merkle::RootHasher};
use serde_json::json;

use crate::{code::Code, failure::Failure, output::Answer, session::Session};

/// Bytes hashed at a time.
const PIECE: usize = 1 << 20;

#[derive(Debug, Subcommand)]
pub enum StorageCommand {
    /// Store a file on 0G, paid by --wallet
    #[command(
        after_help = "Content that is there already is not paid for again.\n\nExample:\n  orv storage put benchmark.tar --wallet main"
    )]
    Put {
        /// The file
        file: PathBuf,
    },
    /// Get content by its root; every byte is checked against it
    #[command(
        after_help = "Example:\n  orv storage get 0xc582bf8f675711ba90d82fd28c290a7e6d942ec247b2ed92175bd220d4449abc --out hello.txt"
    )]
    Get {
        /// The root: 0x and 64 digits
        root: Root,
        /// Where to write it; an existing file is not replaced
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Its size in bytes, where it is known: a root alone does not bind it
        #[arg(long)]
        size: Option<u64>,
    },
    /// Print a file's root; nobody is asked
    #[command(after_help = "Example:\n  orv storage root benchmark.tar")]
    Root {
        /// The file
        file: PathBuf,
    },
}

pub async fn run(command: StorageCommand, session: &Session) -> Result<Answer, Failure> {
    match command {
        StorageCommand::Put { file } => put(&file, session).await,
        StorageCommand::Get { root, out, size } => get(root, &out, size, session).await,
        StorageCommand::Root { file } => {
            let (root, size) = root_of(&file)?;
            Ok(Answer::new(
                "orv.content/1",
                json!({ "root": root, "size": size }),
                root.to_string(),
            ))
        }
    }
}

async fn put(file: &Path, session: &Session) -> Result<Answer, Failure> {
    let content = fs::read(file).map_err(|error| Failure::file(file, &error))?;
    let wallet = session.open_wallet()?;
    let storage = session.storage()?;
    let owner = session.owner(session.bare_chain().await?, wallet);
    let published = storage.put(content, &owner).await?;
    let transaction = published.transaction.map(|hash| hash.to_string());
    let fields = json!({ "root": published.root, "size": published.size, "transaction": transaction });
    Ok(Answer::new("orv.content/1", fields, published.root.to_string()))
}

async fn get(root: Root, out: &Path, size: Option<u64>, session: &Session) -> Result<Answer, Failure> {
    let found = session.storage()?.get(root, size).await?;
    let copied = File::create_new(out).and_then(|mut target| io::copy(&mut File::open(&found.path)?, &mut target));
    copied.map_err(|error| Failure::file(out, &error))?;
    let fields = json!({ "root": root, "size": found.size, "path": out });
    Ok(Answer::new(
        "orv.content/1",
        fields,
        format!("{} bytes in {}", found.size, out.display()),
    ))
}

fn root_of(path: &Path) -> Result<(Root, u64), Failure> {
    let failed = |error: io::Error| Failure::file(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hasher, mut buffer) = (RootHasher::new(), vec![0; PIECE]);
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        match buffer.get(..count) {
            None | Some([]) => break,
            Some(piece) => hasher.update(piece),
        }
    }
    hasher.finish().map_err(|_| {
        Failure::new(
            Code::File,
            format!("{} is empty, and empty content has no root", path.display()),
        )
    })
}
