//! The image of a project, on the command line.

use std::path::PathBuf;

use clap::Args;
use orv_content::tree::TreePath;
use orv_creator::{Bundles, ImageLayout, ImageSource, ProjectFolder};

use crate::failure::Failure;

/// A project folder and where its image comes from.
#[derive(Debug, Args)]
pub struct ProjectSource {
    /// Project folder: repository/, protocol.json, benchmark/
    pub folder: PathBuf,
    #[command(flatten)]
    image: ImageArguments,
}

/// Where an image comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct ImageArguments {
    /// One file of the image, from where to where in it; may be given several times
    #[arg(long, value_name = "FILE=PATH", value_parser = placed_file)]
    image_file: Vec<(PathBuf, TreePath)>,
    /// Root file system of the image
    #[arg(long, value_name = "FOLDER")]
    image_rootfs: Option<PathBuf>,
    /// OCI image layout with one image manifest
    #[arg(long, value_name = "FOLDER", visible_alias = "image")]
    image_layout: Option<PathBuf>,
}

fn placed_file(text: &str) -> Result<(PathBuf, TreePath), String> {
    let (from, to) = text
        .rsplit_once('=')
        .ok_or_else(|| format!("{text:?} is not FILE=PATH"))?;
    let to = TreePath::new(to.trim_start_matches('/')).map_err(|error| error.to_string())?;
    Ok((PathBuf::from(from), to))
}

impl ImageArguments {
    /// Makes the layout; nothing where no image was named.
    pub fn layout(self) -> Result<Option<ImageLayout>, Failure> {
        let source = match (self.image_rootfs, self.image_layout) {
            (Some(folder), _) => ImageSource::RootFolder(folder),
            (_, Some(layout)) => ImageSource::Layout(layout),
            _ if !self.image_file.is_empty() => ImageSource::Files(self.image_file),
            _ => return Ok(None),
        };
        Ok(Some(source.layout()?))
    }
}

impl ProjectSource {
    /// Reads, makes and checks the bundles.
    pub fn bundles(self) -> Result<Bundles, Failure> {
        let image = self.image.layout()?;
        Ok(ProjectFolder::read(&self.folder)?.bundles(image)?)
    }
}
