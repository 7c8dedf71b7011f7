import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The pages of the documentation, and what the tests need to know about them.

/** The folder of the project. */
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  /** Of its first line. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** Comments right before it, such as `<!-- given: declare const chunks: string[]; -->`, by their first word. */
  readonly notes: ReadonlyMap<string, string>;
}

export interface Page {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

const COMMENT = /<!--\s*(\w+)(?::\s*|\s+)?([\s\S]*?)\s*-->/g;
const BLOCK = /((?:^<!--(?:(?!-->)[\s\S])*-->\n)*)^( *)```(\w*)[^\n]*\n([\s\S]*?)^\2```$/gm;

export const pages: readonly Page[] = [
  ...['README.md', 'README.ja.md', 'CONTRIBUTING.md', 'examples/README.md'],
  ...readdirSync(join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .toSorted(),
].map((path) => {
  const text = readFileSync(join(PROJECT, path), 'utf8');
  return { path, text, blocks: blocksIn(text) };
});

function blocksIn(text: string): Block[] {
  return [...text.matchAll(BLOCK)].map(
    ([, comments = '', indent = '', language = '', code = ''], index, all) => ({
      line: text.slice(0, (all[index]?.index ?? 0) + comments.length).split('\n').length + 1,
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      notes: new Map(
        [...comments.matchAll(COMMENT)].map(([, name = '', body = '']) => [name, body] as const),
      ),
    }),
  );
}

/** The anchors of its headings, as GitHub and VitePress make them. */
export function anchorsOf({ text }: Page): ReadonlySet<string> {
  const withoutCode = text.replaceAll(BLOCK, '');
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode.matchAll(/^#+ +(.+)$/gm)) {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number++) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Relative links, with the line that they are on. */
export function linksOf({ text }: Page): { readonly target: string; readonly line: number }[] {
  return text
    .split('\n')
    .flatMap((content, index) =>
      [...content.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = '']) => ({ target, line: index + 1 }))
        .filter(({ target }) => !/^[a-z]+:/.test(target)),
    );
}
