/** Commands about services that a person works with, loaded together. */
export { loginCommand } from './login.ts';
export { addProfileCommand, listProfilesCommand, removeProfileCommand, useProfileCommand } from './profiles.ts';
