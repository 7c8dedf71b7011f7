// What an entry point exports, read from the sources: each name with its declaration and its doc comment.

import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'rolldown/utils';

const SOURCES = join(import.meta.dirname, '..', '..', 'src');
const KINDS = {
  TSDeclareFunction: 'function',
  FunctionDeclaration: 'function',
  ClassDeclaration: 'class',
  TSInterfaceDeclaration: 'interface',
  TSTypeAliasDeclaration: 'type',
  VariableDeclaration: 'constant',
};
/** What a parameter is called that the code takes apart. */
const UNNAMED = 'options';
const files = new Map();

/** All exports of a file, by name. A declaration exported under two names has both. */
export function readExports(entry) {
  const byDeclaration = new Map();
  for (const statement of read(join(SOURCES, entry)).statements) {
    const file = join(SOURCES, dirname(entry), statement.source.value.replace(/\.js$/, '.ts'));
    for (const { local, exported } of statement.specifiers) {
      const key = `${file}:${local.name}`;
      const found = byDeclaration.get(key) ?? { ...declarationIn(file, local.name), aliases: [] };
      if (exported.name !== local.name) found.aliases.push(exported.name);
      byDeclaration.set(key, found);
    }
  }
  return new Map([...byDeclaration.values()].map((declaration) => [declaration.name, declaration]));
}

function declarationIn(path, name) {
  const file = read(path);
  const nodes = file.statements.flatMap((statement) => {
    const node = statement.declaration ?? statement;
    const id = node.id ?? node.declarations?.[0].id;
    return KINDS[node.type] && id?.name === name ? [{ statement, node }] : [];
  });
  const kind = nodes[0] && KINDS[nodes[0].node.type];
  if (kind === undefined) throw new Error(`${relative(SOURCES, path)} does not declare ${name}.`);
  const overloads = nodes.filter(({ node }) => node.type === 'TSDeclareFunction');
  const shown = overloads.length > 0 ? overloads : nodes;
  const { node } = nodes[0];
  return {
    name,
    kind,
    doc: file.docBefore(nodes[0].statement),
    signature: [...shown.map((each) => signatureOf(each.node, file)), ...localTypes(shown, file)].join('\n'),
    parameters: shown.at(-1).node.params?.map(parameterOf) ?? [],
    parents: parentsOf(node, file),
    interfaces: node.implements?.map((each) => file.textOf(each)) ?? [],
    members: membersOf(node, file),
  };
}

function read(path) {
  const known = files.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(path, 'utf8');
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  const file = {
    statements: program.body,
    textOf: ({ start, end }) => text.slice(start, end),
    between: (start, end) => text.slice(start, end),
    docBefore({ start }) {
      const comment = comments.findLast(({ end }) => end <= start);
      const isDoc = comment?.value.startsWith('*') && text.slice(comment.end, start).trim() === '';
      return isDoc ? comment.value.replaceAll(/^[ \t]*\*[ \t]?/gm, '').trim() : '';
    },
  };
  files.set(path, file);
  return file;
}

function parameterOf(parameter) {
  const target = targetOf(parameter);
  const isOptional = parameter !== target || target.optional === true;
  return `${target.name ?? UNNAMED}${isOptional ? '?' : ''}`;
}

/** Without its default. */
function targetOf(parameter) {
  return parameter.type === 'AssignmentPattern' ? parameter.left : parameter;
}

/** A parameter as a caller sees it: one with a default is optional, and one that is taken apart has a name. */
function typedParameter(parameter, file) {
  const target = targetOf(parameter);
  return `${parameterOf(parameter)}${file.textOf(target.typeAnnotation)}`;
}

/** A declaration without its body. */
function signatureOf(node, file) {
  if (node.type === 'VariableDeclaration') return `const ${file.textOf(node.declarations[0].id)};`;
  if (node.type === 'TSInterfaceDeclaration') return file.textOf(node);
  let text = file.between(node.start, node.body?.start ?? node.end);
  for (const parameter of (node.params ?? []).toReversed()) {
    text = `${text.slice(0, parameter.start - node.start)}${typedParameter(parameter, file)}${text.slice(parameter.end - node.start)}`;
  }
  return `${text.replace(/^(?:declare|async) /, '').replace(/;?\s*$/, '')};`;
}

/** Types of the same file that a signature names and that are not exported. */
function localTypes(shown, file) {
  const signatures = shown.map(({ node }) => signatureOf(node, file)).join();
  return file.statements.flatMap((statement) =>
    statement.type === 'TSTypeAliasDeclaration' && new RegExp(`\\b${statement.id.name}\\b`).test(signatures)
      ? [signatureOf(statement, file)]
      : [],
  );
}

function parentsOf(node, file) {
  const parents = node.extends ?? (node.superClass ? [node.superClass] : []);
  return parents.map((parent) => file.textOf(parent)).filter((parent) => parent !== 'Error');
}

function membersOf(node, file) {
  const members = node.body?.body;
  if (!Array.isArray(members) || node.type.includes('Function')) return [];
  return members
    .filter((member) => isPublic(member))
    .map((member) => memberOf(member, file))
    .filter(({ doc }) => !doc.includes('@internal'));
}

/** Every error overrides the `name` of its class, which says nothing new. */
function isPublic({ type, key, accessibility, override }) {
  return (
    type !== 'StaticBlock' &&
    key?.type !== 'PrivateIdentifier' &&
    accessibility !== 'private' &&
    override !== true
  );
}

function memberOf(member, file) {
  const key = member.computed ? `[${file.textOf(member.key)}]` : file.textOf(member.key);
  const value = member.value ?? member;
  const isMethod = /Method/.test(member.type) && member.kind !== 'get';
  const type = member.typeAnnotation ?? (member.kind === 'get' ? value.returnType : undefined);
  if (!isMethod && type == null) throw new Error(`${key} needs a type for the API page.`);
  return {
    name: key,
    doc: file.docBefore(member),
    isMethod,
    isStatic: member.static === true,
    isConstructor: member.kind === 'constructor',
    parameters: isMethod ? value.params.map(parameterOf) : [],
    type: isMethod ? methodType(value, file) : file.textOf(type.typeAnnotation).replace(/ \| undefined$/, ''),
  };
}

function methodType(value, file) {
  const parameters = value.params.map((parameter) => typedParameter(parameter, file));
  const returns = value.returnType ? file.textOf(value.returnType.typeAnnotation) : 'void';
  return `(${parameters.join(', ')}): ${returns}`;
}
