/** What commands about notices load. */
export { noticesCommand, readNoticesCommand } from './notices.ts';
