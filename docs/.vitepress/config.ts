import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { drawDiagrams } from './diagrams.js';
import { english, japanese } from './navigation.js';
import { linkFromReadme } from './readme.js';
import { linkToRepository } from './repository.js';

/** Files that pages link to, but that are not pages. */
const DOWNLOADS = ['event.schema.json', 'history.schema.json', 'status.schema.json'];

export default defineConfig({
  title: 'livinglock',
  description: 'A lock for scheduled jobs that knows whether its holder is still working.',
  // GitHub Pages serves a project under the name of its repository, which its workflow passes in.
  base: `${process.env['DOCS_BASE'] ?? ''}/`,
  outDir: '../build/site',
  cacheDir: '../build/vitepress',
  lastUpdated: false,
  locales: {
    root: { label: 'English', lang: 'en', themeConfig: english },
    ja: {
      label: '日本語',
      lang: 'ja',
      description: '定期実行ジョブのためのロック。保持者がまだ働いているかどうかを知っています。',
      themeConfig: japanese,
    },
  },
  themeConfig: {
    // Only the start page is translated: the language menu leads there, from every page.
    i18nRouting: false,
    outline: [2, 3],
    search: { provider: 'local', options: searchOptions() },
  },
  markdown: {
    anchor: { slugify },
    languageAlias: { crontab: 'sh' },
    config(markdown) {
      drawDiagrams(markdown);
      linkFromReadme(markdown);
      linkToRepository(markdown);
    },
  },
  buildEnd({ srcDir, outDir }) {
    for (const file of DOWNLOADS) copyFileSync(join(srcDir, file), join(outDir, file));
  },
});

/** The anchor of a heading, as GitHub makes it, so that a link works in both places. */
function slugify(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function searchOptions(): DefaultTheme.LocalSearchOptions {
  return {
    locales: {
      ja: {
        translations: {
          button: { buttonText: '検索', buttonAriaLabel: '検索' },
          modal: {
            displayDetails: '詳しく表示',
            resetButtonTitle: '入力を消す',
            backButtonTitle: '閉じる',
            noResultsText: '見つかりません:',
            footer: { selectText: '開く', navigateText: '移動', closeText: '閉じる' },
          },
        },
      },
    },
  };
}
