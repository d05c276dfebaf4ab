import { describe, expect, it } from 'vitest';
import { elite } from './elite.ts';

describe('exit codes and where words go', () => {
  it('help is an answer', async () => {
    const { exitCode, stdout, stderr } = await elite(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('elite generate "a S*');
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['fly']],
    ['an unknown option', ['inspect', '--fast']],
    ['a missing option', ['pull', 'folder']],
    ['a missing path', ['inspect']],
  ])('%s is wrong usage: a complaint, no answer, 2', async (_, args) => {
    const { exitCode, stdout, stderr } = await elite(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  it('a failure is one line that names the file, 1', async () => {
    const { exitCode, stdout, stderr } = await elite(['inspect', 'nowhere.safetensors']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toBe('elite: nowhere.safetensors: cannot be opened\n');
  });

  it('a failure under --json is an object on standard output', async () => {
    const { exitCode, stdout, stderr } = await elite(['inspect', 'nowhere.safetensors', '--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: { name: 'WeightsError', message: 'nowhere.safetensors: cannot be opened' },
    });
  });
});
