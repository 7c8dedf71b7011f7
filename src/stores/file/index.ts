export { type FileStoreOptions, fileStore } from './file-store.js';
export { type FileStatus, type FileSystem, type OpenFolder, systemFileSystem } from './file-system.js';
