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

/** Reads the type of an import. */
function importType(reader) {
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
}

/** Renames the entries of a section. Without a new name, an export is removed. */
function renameSection(id, bytes, rename) {
  const reader = new Reader(bytes);
  const entries = [];
  for (let left = reader.integer(); left > 0; left--) {
    const module = id === IMPORTS ? [named(reader.name())] : [];
    const name = rename(reader.name(), id === EXPORTS);
    const start = reader.at;
    if (id === IMPORTS) importType(reader);
    else {
      reader.at += 1;
      reader.integer();
    }
    if (name !== undefined) entries.push(Buffer.concat([...module, named(name), reader.since(start)]));
  }
  return Buffer.concat([integer(entries.length), ...entries]);
}

/**
 * Returns a wasm file in which `rename` has replaced the name of each import and export. It gets
 * the name, and whether it is an export. An export whose new name is undefined is removed.
 */
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
