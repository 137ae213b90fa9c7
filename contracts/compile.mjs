#!/usr/bin/env node
// Compiles src/**/*.sol with the pinned compiler and writes one artifact per deployed contract.
//   node compile.mjs           write artifacts/
//   node compile.mjs --check   compare artifacts/ with a fresh build; exit 1 and name what drifted
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const solc = createRequire(import.meta.url)("solc");
const root = dirname(fileURLToPath(import.meta.url));
const artifacts = join(root, "artifacts");
const mostCodeBytes = 24_576; // EIP-170
const mostInitCodeBytes = 49_152; // EIP-3860

const deployed = [
  "AttesterQuorum",
  "EnclaveRegistry",
  "Flow",
  "FixedPrice",
  "MeasurementPolicy",
  "ProjectRegistry",
  "ProjectToken",
  "ProposalLedger",
  "SharedProjects",
  "VerifierGateway",
  "VerifierRegistry",
];

const settings = {
  remappings: ["@openzeppelin/=node_modules/@openzeppelin/"],
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

function solidityFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return solidityFiles(path);
    return entry.name.endsWith(".sol") ? [relative(root, path).split(sep).join("/")] : [];
  });
}

function compile() {
  const read = (path) => ({ content: readFileSync(join(root, path), "utf8") });
  const names = solidityFiles(join(root, "src")).sort();
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(names.map((name) => [name, read(name)])),
    settings: {
      ...settings,
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const find = (path) => (existsSync(join(root, path)) ? { contents: read(path).content } : { error: "not found" });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  const messages = (output.errors ?? []).filter((message) => !message.sourceLocation?.file.startsWith("node_modules"));
  for (const message of messages) process.stderr.write(`${message.formattedMessage}\n`);
  if ((output.errors ?? []).some((message) => message.severity === "error")) process.exit(1);
  return output.contracts;
}

function artifact(contracts, name) {
  const source = Object.keys(contracts).find((file) => file.startsWith("src/") && contracts[file][name]);
  if (!source) throw new Error(`no source declares ${name}`);
  const { abi, evm } = contracts[source][name];
  const size = evm.deployedBytecode.object.length / 2;
  const initSize = evm.bytecode.object.length / 2;
  if (size > mostCodeBytes) throw new Error(`${name} has ${size} bytes of code, above ${mostCodeBytes}`);
  if (initSize > mostInitCodeBytes) throw new Error(`${name} has ${initSize} bytes of init code, above ${mostInitCodeBytes}`);
  const document = {
    contractName: name,
    sourceName: source,
    sourceSha256: createHash("sha256").update(readFileSync(join(root, source))).digest("hex"),
    compiler: solc.version(),
    settings,
    abi,
    bytecode: { object: `0x${evm.bytecode.object}` },
    deployedBytecode: { object: `0x${evm.deployedBytecode.object}` },
  };
  return { size, text: `${JSON.stringify(document, null, 1)}\n` };
}

const check = process.argv.includes("--check");
const contracts = compile();
let drifted = 0;
mkdirSync(artifacts, { recursive: true });
for (const name of deployed) {
  const path = join(artifacts, `${name}.json`);
  const { size, text } = artifact(contracts, name);
  if (!check) {
    writeFileSync(path, text);
    process.stdout.write(`${name.padEnd(18)} ${size} bytes\n`);
  } else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    process.stdout.write(`DRIFT artifacts/${name}.json\n`);
    drifted += 1;
  }
}
const expected = new Set(deployed.map((name) => `${name}.json`));
for (const stray of readdirSync(artifacts).filter((name) => !expected.has(name))) {
  process.stdout.write(`STRAY artifacts/${stray}\n`);
  drifted += 1;
}
if (check && drifted === 0) process.stdout.write("artifacts up to date\n");
process.exitCode = drifted === 0 ? 0 : 1;
