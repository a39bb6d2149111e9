// Renames the imports and exports of wasm files (WebAssembly Core Specification, 5.5).

const IMPORTS = 2;
const EXPORTS = 7;

/** Reads values at a position that moves on. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** An unsigned integer in LEB128. */
  integer() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  slice(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  name() {
    return this.slice(this.integer()).toString();
  }

  /** The bytes from `start` up to the position. */
  since(start) {
    return this.bytes.subarray(start, this.at);
  }
}

function integer(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

const named = (name) => Buffer.concat([integer(Buffer.byteLength(name)), Buffer.from(name)]);

/** Reads the type of an import, and returns its bytes. */
function importType(reader) {
  const start = reader.at;
  const kind = reader.bytes[reader.at++];
  const limits = () => {
    const flags = reader.integer();
    reader.integer();
    if (flags & 1) reader.integer();
  };
  if (kind === 0) reader.integer();
  else if (kind === 1) {
    reader.at += 1;
    limits();
  } else if (kind === 2) limits();
  else if (kind === 3) reader.at += 2;
  else throw new Error(`unknown kind of import: ${kind}`);
  return reader.since(start);
}

function renameSection(id, bytes, rename) {
  const reader = new Reader(bytes);
  const count = reader.integer();
  const parts = [integer(count)];
  for (let n = 0; n < count; n++) {
    if (id === IMPORTS) parts.push(named(reader.name()));
    parts.push(named(rename(reader.name())));
    if (id === IMPORTS) parts.push(importType(reader));
    else {
      const start = reader.at;
      reader.at += 1;
      reader.integer();
      parts.push(reader.since(start));
    }
  }
  return Buffer.concat(parts);
}

/** Returns a wasm file in which `rename` has replaced the name of each import and export. */
function renameFunctions(file, rename) {
  const reader = new Reader(file, 8);
  const parts = [file.subarray(0, 8)];
  while (reader.at < file.length) {
    const id = file[reader.at++];
    let section = reader.slice(reader.integer());
    if (id === IMPORTS || id === EXPORTS) section = renameSection(id, section, rename);
    parts.push(Buffer.from([id]), integer(section.length), section);
  }
  return Buffer.concat(parts);
}

module.exports = { renameFunctions };
