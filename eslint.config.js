import { createProjectGraphAsync } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

// The boundary rule says nothing at all while Nx has no graph of the projects: a fresh clone has none.
await createProjectGraphAsync({ exitOnError: true });

/** The tests of shared use the testkit, which is made of shared. */
const TEST_CIRCLE = [['@assay/testkit', '@assay/shared']];
const NOT_THE_SIGNATORY = ['app:signatory'];

/** Which project may import which; testkit only from tests, and everything within a project, is tidy's part. */
const boundaries = [
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:proto', 'type:shared', 'type:testkit'] },
  { sourceTag: 'type:proto', onlyDependOnLibsWithTags: ['type:proto'] },
  { sourceTag: 'type:shared', onlyDependOnLibsWithTags: ['type:proto', 'type:testkit'] },
  { sourceTag: 'type:testkit', onlyDependOnLibsWithTags: ['type:proto', 'type:shared'] },
  {
    sourceTag: 'type:tools',
    onlyDependOnLibsWithTags: ['type:proto', 'type:shared', 'type:testkit', 'type:app'],
    notDependOnLibsWithTags: NOT_THE_SIGNATORY,
  },
];

export default tseslint.config(
  { ignores: ['**/node_modules/', '.assay/', '.nx/', '**/dist/', 'libs/proto/src/gen/', '**/*.mjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin, '@nx': nx },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { allowCircularSelfDependency: true, depConstraints: boundaries, ignoredCircularDependencies: TEST_CIRCLE },
      ],
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      'no-fallthrough': 'error',
      eqeqeq: 'error',
    },
  },
);
