import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownRenderer } from 'vitepress';

/**
 * Draws Mermaid blocks as SVG when the site is built, so that a reader's browser neither loads Mermaid's megabytes nor waits for them.
 * A diagram with a mistake makes the build fail.
 */
export function drawDiagrams(markdown: MarkdownRenderer): void {
  const { fence } = markdown.renderer.rules;
  markdown.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (token?.info.trim() === 'mermaid') return draw(token.content);
    return fence?.(tokens, index, options, env, self) ?? self.renderToken(tokens, index, options);
  };
}

function draw(source: string): string {
  const svg = renderMermaidSVG(source, { font: 'Inter', layerSpacing: 24, padding: 8, transparent: true });
  return `<div class="diagram" v-pre>${withoutStyles(svg)}</div>\n`;
}

/**
 * The styles of a drawing name a font server and fixed colours, and would hold for the whole page.
 * Those in `theme/pictures.css` replace them.
 */
function withoutStyles(svg: string): string {
  return svg.replace(/<style>[\s\S]*?<\/style>/, '').replace(/(<svg[^>]*?) style="[^"]*"/, '$1');
}
