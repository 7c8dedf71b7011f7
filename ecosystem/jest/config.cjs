module.exports = {
  projects: [
    { displayName: 'CommonJS', rootDir: __dirname, testMatch: ['**/*.spec.cjs'], transform: {} },
    {
      displayName: 'Babel',
      rootDir: __dirname,
      testMatch: ['**/*.spec.js'],
      transform: { '\\.js$': ['babel-jest', { plugins: ['@babel/plugin-transform-modules-commonjs'] }] },
    },
    {
      displayName: 'ts-jest',
      rootDir: __dirname,
      testMatch: ['**/*.spec.ts'],
      transform: { '\\.ts$': ['ts-jest', { tsconfig: `${__dirname}/tsconfig.json` }] },
    },
  ],
};
