//! Image layouts: documents of any bytes, and layers of any bytes under documents that fit them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_content::Sha256;
use orv_content::archive::Quota;
use orv_content::oci::{ManifestDigest, read_layout};
use orv_content::tree::{Executable, Node, Tree, TreePath};

fn put(layout: &mut Tree, path: &str, content: &[u8]) {
    let node = Node::File { executable: Executable::No, content: content.to_vec().into() };
    layout.insert(TreePath::new(path).expect("a path"), node).expect("a place");
}

/// Stores a blob and gives its descriptor.
fn store(layout: &mut Tree, media_type: &str, blob: &[u8]) -> String {
    let digest = ManifestDigest(Sha256::of(blob)).to_string();
    put(layout, &format!("blobs/{}", digest.replacen(':', "/", 1)), blob);
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{}}}"#, blob.len())
}

fuzz_target!(|data: &[u8]| {
    let Some(([kind, cut], data)) = data.split_first_chunk::<2>() else { return };
    let (first, second) = data.split_at(data.len() * usize::from(*cut) / 256);
    let mut layout = Tree::new();
    let mut manifest = first.to_vec();
    if kind % 2 == 0 {
        let layers = [first, second];
        let diff_ids = layers.map(|layer| format!(r#""{}""#, ManifestDigest(Sha256::of(layer)))).join(",");
        let config = format!(r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[{diff_ids}]}}}}"#);
        let config = store(&mut layout, "application/vnd.oci.image.config.v1+json", config.as_bytes());
        let layers = layers.map(|layer| store(&mut layout, "application/vnd.oci.image.layer.v1.tar", layer)).join(",");
        manifest = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layers}]}}"#).into_bytes();
    } else {
        store(&mut layout, "", second);
    }
    let listed = store(&mut layout, "application/vnd.oci.image.manifest.v1+json", &manifest);
    put(&mut layout, "index.json", format!(r#"{{"schemaVersion":2,"manifests":[{listed}]}}"#).as_bytes());
    put(&mut layout, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
    if let Ok(image) = read_layout(&layout, &ManifestDigest(Sha256::of(&manifest)), &Quota::project()) {
        let _ = image.check();
    }
    put(&mut layout, "index.json", data);
    let _ = read_layout(&layout, &ManifestDigest(Sha256::of(&manifest)), &Quota::project());
});
