import { basename } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

/** The links of a README lead from the top of the repository; where it is included in a page `ja/readme.md`, they lead from there. */
export function linkFromReadme(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('link-from-readme', ({ tokens, env }) => {
    if (basename(env.path) !== 'readme.md') return;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const name = token.type === 'image' ? 'src' : 'href';
      const link = token.attrGet(name);
      if (link === null || /^(?:[a-z]+:|#)/.test(link)) continue;
      token.attrSet(name, link.startsWith('docs/') ? link.replace('docs', '..') : `../../${link}`);
    }
  });
}
