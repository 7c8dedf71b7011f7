import type { DefaultTheme } from 'vitepress';

const USE = [
  { text: 'The command', link: '/command' },
  { text: 'API', link: '/api' },
  { text: 'Heartbeats', link: '/heartbeats' },
  { text: 'History', link: '/history' },
  { text: 'Output', link: '/output' },
  { text: 'Notifications', link: '/notifications' },
  { text: 'Retries', link: '/retries' },
  { text: 'Events', link: '/events' },
  { text: 'In your project', link: '/projects' },
  { text: 'Named locks', link: '/named-locks' },
];

const DATABASES = [
  { text: 'Which database?', link: '/databases' },
  { text: 'PostgreSQL', link: '/postgres' },
  { text: 'Other PostgreSQL drivers', link: '/adapters' },
  { text: 'Redis', link: '/redis' },
  { text: 'SQLite', link: '/sqlite' },
  { text: 'Your own store', link: '/own-store' },
  { text: 'Refuse late writes', link: '/fencing' },
];

const RECIPES = [
  { text: 'All recipes', link: '/recipes/' },
  { text: 'cron', link: '/recipes/cron' },
  { text: 'systemd', link: '/recipes/systemd' },
  { text: 'launchd', link: '/recipes/launchd' },
  { text: 'Task Scheduler', link: '/recipes/task-scheduler' },
  { text: 'Docker and Kubernetes', link: '/recipes/docker-kubernetes' },
  { text: 'Django', link: '/recipes/django' },
  { text: 'PHP', link: '/recipes/php' },
  { text: 'Rails', link: '/recipes/rails' },
  { text: 'R', link: '/recipes/r' },
  { text: 'Schedulers in Node', link: '/recipes/schedulers' },
  { text: 'A leader', link: '/recipes/leader' },
  { text: 'Monitoring', link: '/recipes/monitoring' },
];

const HELP = [
  { text: 'Troubleshooting', link: '/troubleshooting' },
  { text: 'Migrating', link: '/migrating' },
];

const BACKGROUND = [
  { text: 'Guarantees', link: '/guarantees' },
  { text: 'Limits', link: '/limits' },
  { text: 'What runs where', link: '/platforms' },
  { text: 'How it works', link: '/protocol' },
  { text: 'The lock file', link: '/lock-file' },
  { text: 'Evidence', link: '/evidence' },
  { text: 'Mutation tests', link: '/mutation' },
  { text: 'Performance', link: '/performance' },
];

export const english: DefaultTheme.Config = {
  nav: [
    { text: 'Command', link: '/command' },
    { text: 'API', link: '/api' },
    { text: 'Recipes', link: '/recipes/' },
    { text: 'Troubleshooting', link: '/troubleshooting' },
  ],
  sidebar: [
    { text: 'Use', items: USE },
    { text: 'Databases', items: DATABASES },
    { text: 'Recipes', items: RECIPES },
    { text: 'Help', items: HELP },
    { text: 'Background', items: BACKGROUND },
  ],
};

export const japanese: DefaultTheme.Config = {
  nav: [
    { text: 'README', link: '/ja/readme' },
    { text: 'コマンド', link: '/command' },
    { text: 'API', link: '/api' },
    { text: 'レシピ', link: '/recipes/' },
    { text: '困ったときは', link: '/troubleshooting' },
  ],
  sidebar: [],
  darkModeSwitchLabel: '外観',
  lightModeSwitchTitle: 'ライトモードに切り替える',
  darkModeSwitchTitle: 'ダークモードに切り替える',
  sidebarMenuLabel: 'メニュー',
  returnToTopLabel: '先頭へ戻る',
  langMenuLabel: '言語を変える',
};
