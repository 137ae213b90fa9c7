// One transfer by one of 0G's own SDKs, unmodified, as its documentation shows it:
//
//   node transfer.mjs PACKAGE upload   INDEXER FILE CHAIN KEY
//   node transfer.mjs PACKAGE download INDEXER FILE ROOT
//
// The last line on stdout is one JSON document. What the SDK tells goes to stderr.
import { createRequire } from "node:module";
import { argv, exit, stderr, stdout } from "node:process";

console.log = console.info = (...words) => stderr.write(`${words.join(" ")}\n`);

const [, , name, direction, indexerUrl, path, ...rest] = argv;
const sdk = createRequire(import.meta.url)(name);
const { ethers } = createRequire(import.meta.url)("ethers");

async function upload(chainUrl, key) {
  const file = await sdk.ZgFile.fromFilePath(path);
  try {
    const signer = new ethers.Wallet(key, new ethers.JsonRpcProvider(chainUrl));
    const [sent, failure] = await new sdk.Indexer(indexerUrl).upload(file, chainUrl, signer);
    if (failure) throw failure;
    return { root: sent.rootHash, transaction: sent.txHash };
  } finally {
    await file.close();
  }
}

// `true` asks for proofs, which neither version checks.
async function download(root) {
  const failure = await new sdk.Indexer(indexerUrl).download(root, path, true);
  if (failure) throw failure;
  return { root };
}

try {
  const done = direction === "upload" ? await upload(...rest) : await download(...rest);
  stdout.write(`${JSON.stringify(done)}\n`, () => exit(0));
} catch (error) {
  stdout.write(`${JSON.stringify({ error: String(error?.message ?? error) })}\n`, () => exit(1));
}
