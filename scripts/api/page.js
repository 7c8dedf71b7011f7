// How declarations look on the page: a heading, the signature, the text of the doc comment, and the members, as headings where there is
// much to say about them, otherwise as a table.

const INTRODUCTION = `<!-- Made by \`npm run docs:api\` from the doc comments. Do not edit. -->

# API

Everything that \`livinglock\` and its subpaths export. \`import\` and, since Node 20.19, \`require\` both work.

A \`Duration\` is a number of milliseconds, or a string such as \`'90s'\`, \`'5m'\` or \`'2h'\`. The command is different: there a number alone is seconds.
`;

/** What examples use and do not declare. */
const GIVEN = {
  chunks: 'declare const chunks: { readonly name: string }[];',
  importChunk: 'declare function importChunk(chunk: { readonly name: string }): Promise<void>;',
  lock: "declare const lock: import('livinglock').Lock;",
  path: 'declare const path: string;',
  client: "declare const client: import('pg').PoolClient;",
  ourStore: "declare function ourStore(connection: object): import('livinglock').Store;",
  connect: 'declare function connect(): Promise<object>;',
};

export function pageOf(sections, declarations) {
  const contents = sections.map(
    ({ title, names }) => `- [${title}](#${slugOf(title)}): ${names.filter(isFirst).map(link).join(', ')}`,
  );
  const parts = sections.flatMap(({ title, text, names }) => [
    `## ${title}`,
    ...(text ? [text] : []),
    ...names.flatMap((name) => entryOf(declarations.get(name))),
  ]);
  return `${[INTRODUCTION, contents.join('\n'), ...parts].map((part) => part.trim()).join('\n\n')}\n`;

  /** The table of contents names what programs call; its types stand beside it. */
  function isFirst(name) {
    return (
      ['function', 'class', 'constant'].includes(declarations.get(name).kind) && !name.startsWith('system')
    );
  }

  function link(name) {
    return `[\`${name}\`](#${slugOf(name)})`;
  }

  function entryOf(declaration) {
    const { name, kind, module, signature, parents, members } = declaration;
    const { text, examples } = partsOf(declaration.doc, name);
    const isShown = kind !== 'class' && (kind !== 'interface' || isForPrograms(members));
    return [
      `### ${name}`,
      ...(module === 'livinglock' ? [] : [`From \`${module}\`.`]),
      ...(isShown ? [`\`\`\`typescript\n${signature}\n\`\`\``] : []),
      text,
      ...ancestry(declaration, parents),
      ...(declaration.aliases.length > 0
        ? [`Also exported as ${declaration.aliases.map((alias) => `\`${alias}\``).join(', ')}.`]
        : []),
      ...examples.map(exampleOf),
      ...(isShown ? [] : membersOf(declaration, members)),
    ].filter((part) => part !== '');
  }

  function ancestry({ kind, interfaces }, parents) {
    const all = [...parents, ...interfaces].map(typeOf).join(' and ');
    if (all === '') return [];
    return [kind === 'class' ? `It is a ${all}.` : `Extends ${all}.`];
  }

  /** What a class says in a line or two stands in a table, before its methods. */
  function membersOf({ name, kind, interfaces }, members) {
    const shown = members.filter(
      ({ doc, isConstructor }) => doc !== '' || (interfaces.length === 0 && !isConstructor),
    );
    const isLong = (member) => {
      const { text } = partsOf(member.doc, member.name);
      return member.isMethod || text.includes('\n\n') || (kind === 'class' && text.split('\n').length > 2);
    };
    const isAllLong = kind === 'interface' && shown.some(isLong);
    const brief = shown.filter((member) => !isAllLong && !isLong(member));
    return [
      ...(brief.length > 0 ? [tableOf(brief)] : []),
      ...shown.filter((member) => !brief.includes(member)).flatMap((member) => memberOf(name, member)),
    ];
  }

  function memberOf(owner, member) {
    const { text, examples, initial } = partsOf(member.doc, `${owner}.${member.name}`);
    const signature = member.isMethod
      ? [
          `\`\`\`typescript\n${member.isConstructor ? `new ${owner}` : member.name}${shortened(member)}\n\`\`\``,
        ]
      : [`Type: ${typeOf(member.type)}${initial ? `  \nDefault: ${linked(initial)}` : ''}`];
    return [
      `#### ${titleOf(owner, member)}${callOf(member)}`,
      ...signature,
      text,
      ...examples.map(exampleOf),
    ];
  }

  function tableOf(members) {
    const rows = members.map((member) => {
      const { text, initial } = partsOf(member.doc, member.name);
      const words = [text.replaceAll(/\s*\n\s*/g, ' '), initial && `Default: ${linked(initial)}`];
      const type = typeOf(member.type).replaceAll('|', '\\|');
      return `| \`${member.name}\` | ${type} | ${words.filter(Boolean).join(' ').replaceAll('|', '\\|')} |`;
    });
    return ['| | type | |', '| --- | --- | --- |', ...rows].join('\n');
  }

  function partsOf(doc, name) {
    const [prose, ...tags] = doc.split(/^@(?=\w)/m);
    const examples = [];
    const parameters = [];
    for (const tag of tags) {
      const [, kind, rest = ''] = /^(\w+)\s*(.*)$/s.exec(tag) ?? [];
      if (kind === 'example') examples.push(rest.trim());
      else if (kind === 'param') parameters.push(`- ${rest.trim().replace(/^\w+/, '`$&`:')}`);
      else throw new Error(`${name}: the page has no place for @${tag}`);
    }
    const [, text = prose, initial = ''] = /^(.*?)\n*^Default: (.*?)\.?\s*$/ms.exec(prose) ?? [];
    const whole = [text.trim(), parameters.join('\n')].filter((part) => part !== '').join('\n\n');
    return { text: linked(whole), examples, initial };
  }

  /**
   * `{@link Name}` leads to that heading, if it has one on this page, and a page of `docs/` to that page. `{@link Name.method}` leads to the heading of
   * the method, and any other member to that of what it belongs to. An error needs no `@link`, which the declarations of most stores could not follow.
   */
  function linked(text) {
    return text
      .replaceAll(/\{@link (\w+)\}|`(Err\w+)`/g, (_, linkedName, error) => {
        const name = linkedName ?? error;
        return declarations.has(name) ? link(name) : `\`${name}\``;
      })
      .replaceAll(/\{@link (\w+)\.(\w+)\}/g, (_, owner, name) => linkToMember(owner, name))
      .replaceAll(/`docs\/([\w-]+)\.md`/g, '[$1]($1.md)');
  }

  function linkToMember(owner, name) {
    const member = declarations.get(owner)?.members.find((each) => each.name === name);
    if (member === undefined) throw new Error(`The page has no place for {@link ${owner}.${name}}.`);
    const title = titleOf(owner, member);
    return `[\`${title}\`](#${slugOf(member.isMethod ? title + callOf(member) : owner)})`;
  }

  function typeOf(type) {
    const plain = type.replaceAll(/\s+/g, ' ').replace(/^\((.*)\)$/, '$1');
    if (/^\w+(?: \| \w+)+$/.test(plain)) return plain.split(' | ').map(typeOf).join(' | ');
    return declarations.has(plain) ? link(plain) : `\`${plain}\``;
  }

  function exampleOf(code) {
    const isUsed = (name) => new RegExp(`(?<![.'\\w])${name}\\b`).test(code);
    const isDeclared = (name) => new RegExp(`\\b(?:const|using|async) \\(?${name}\\b`).test(code);
    const given = Object.keys(GIVEN).filter((name) => isUsed(name) && !isDeclared(name));
    const comment = given.length > 0 ? `<!-- given: ${given.map((name) => GIVEN[name]).join(' ')} -->\n` : '';
    return `${comment}\`\`\`ts\n${code}\n\`\`\``;
  }
}

/** An interface that a program has, such as a driver: its methods stand in its declaration, and say enough. */
function isForPrograms(members) {
  return members.some(({ isMethod }) => isMethod) && members.some(({ doc }) => doc === '');
}

/** Options are called by what a caller writes, `options.wait`; members of a class by an instance, `lock.release()`. */
function titleOf(owner, { name, isStatic, isConstructor }) {
  if (isConstructor) return `new ${owner}`;
  const instance = /Options$/.test(owner) ? 'options' : owner.charAt(0).toLowerCase() + owner.slice(1);
  const of = isStatic ? owner : instance;
  return name.startsWith('[') ? `${of}${name}` : `${of}.${name}`;
}

function callOf({ isMethod, parameters }) {
  return isMethod ? `(${parameters.join(', ')})` : '';
}

function shortened({ type, isConstructor }) {
  return isConstructor ? type.replace(/: void$/, '') : type;
}

function slugOf(title) {
  return title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}
