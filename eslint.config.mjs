import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The arrows of docs/contributing.md: what each folder must not import. */
const only = (files, message, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: patterns.map((regex) => ({ regex, message })) }] },
});

export default tseslint.config(
  { ignores: ['dist', 'coverage', '.lab', 'node_modules'] },
  eslint.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.cjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      sourceType: 'commonjs',
      globals: { require: 'readonly', exports: 'writable' },
      parserOptions: { projectService: false, program: null },
    },
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      '@typescript-eslint/no-require-imports': 'off',
    },
  },
  only(['app/**/*.ts'], 'The programs know nothing of the lab, benchmarks and tests.', [
    '(^|/)(lab|bench|test)/',
  ]),
  only(
    ['workflows/**/*.ts'],
    'Workflow code imports only src/migration, src/fleet and @temporalio/workflow.',
    [
      '^node:',
      '^(?!\\.|@temporalio/(workflow|common)$)',
      '(^|/)(app|activities|lab|bench|test)/',
      'src/(?!(migration|fleet)/)',
    ],
  ),
  only(['activities/**/*.ts'], 'Activities know src alone.', [
    '(^|/)(app|workflows|lab|bench|test)/',
    '@temporalio/(worker|workflow)',
  ]),
  only(['src/**/*.ts'], 'What is in src knows neither workflows nor activities nor programs.', [
    '(^|/)(app|workflows|activities|lab|bench|test)/',
    '@temporalio/',
  ]),
  only(['src/fleet/**/*.ts'], 'Fleets are pure: they import the vocabulary, zod and themselves.', [
    '^(?!\\./|\\.\\./migration/|zod$)',
  ]),
  only(['src/migration/**/*.ts'], 'The vocabulary is pure: it imports zod and itself.', [
    '^(?!\\./|\\.\\./(?:[\\w-]+\\.js)$|zod$)',
  ]),
);
