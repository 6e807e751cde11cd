//! Pictures for the demo's documents: a cracked façade, a floor plan, a test pit at a foundation.
//!
//! Made from a seed, pixel by pixel, so that the same document is the same bytes on every machine
//! and no real house is ever shown. Coordinates run from 0 to 1, from the upper left corner.

/// What is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    /// A brick wall with a window and a stepped crack, a ruler beside it.
    Facade,
    /// The plan of a ground floor.
    Plan,
    /// The soil beside a foundation.
    Pit,
}

/// A raster of 8-bit samples, row by row, three channels or one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// Pixels in a row.
    pub(super) width: u32,
    /// Rows.
    pub(super) height: u32,
    /// Whether there is one channel instead of three.
    pub(super) grey: bool,
    /// The samples.
    pub(super) samples: Vec<u8>,
}

type Colour = [f32; 3];

impl Picture {
    /// The largest picture of about four by three whose samples fit in `bytes`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "sizes of pictures and samples of 0 to 255 are far inside these types"
    )]
    pub(super) fn paint(scene: Scene, seed: u64, bytes: usize, grey: bool) -> Self {
        let channels = if grey { 1 } else { 3 };
        let pixels = bytes / channels;
        let width = (((pixels as f64) * 4.0 / 3.0).sqrt() as usize).max(1);
        let height = pixels / width;
        let mut samples = Vec::with_capacity(width * height * channels);
        let painter = Painter::new(scene, seed);
        // A large photograph has its colours once for each two by two pixels, as cameras have, and
        // its grain for each; the thin lines of a plan would not survive that.
        let block = if grey || scene == Scene::Plan { 1 } else { 2 };
        let mut row: Vec<[i16; 3]> = Vec::with_capacity(width.div_ceil(block));
        for y in 0..height {
            if y % block == 0 {
                let v = (y as f32 + 0.5) / height as f32;
                row.clear();
                row.extend((0..width).step_by(block).map(|x| {
                    let u = (x as f32 + 0.5) / width as f32;
                    painter.at(u, v).map(|channel| channel as i16)
                }));
            }
            let mut grain = 0;
            for x in 0..width {
                let Some([red, green, blue]) = row.get(x / block).copied() else {
                    break;
                };
                // Eight pixels to a hash.
                grain = if x % 8 == 0 {
                    hash(seed, x as u32, y as u32)
                } else {
                    grain >> 8
                };
                let shift = (grain & 0xff) as i16 / 28 - 4;
                if grey {
                    let light =
                        (77 * i32::from(red) + 151 * i32::from(green) + 28 * i32::from(blue)) / 256;
                    samples.push((light as i16 + shift).clamp(0, 255) as u8);
                } else {
                    for channel in [red, green, blue] {
                        samples.push((channel + shift).clamp(0, 255) as u8);
                    }
                }
            }
        }
        Self {
            width: width as u32,
            height: height as u32,
            grey,
            samples,
        }
    }
}

/// The rows of bricks in a façade.
const COURSES: usize = 26;
/// The bricks in a row.
const BRICKS: f32 = 13.0;

struct Painter {
    scene: Scene,
    seed: u64,
    /// Where the crack stands in each course; it steps by half a brick, as cracks in masonry do.
    crack: [f32; COURSES + 1],
}

impl Painter {
    fn new(scene: Scene, seed: u64) -> Self {
        let mut crack = [0.0; COURSES + 1];
        let mut at = 0.30 + unit(hash(seed, 7, 7)) * 0.12;
        for (course, place) in (0_u32..).zip(crack.iter_mut()) {
            *place = at;
            let step = unit(hash(seed, 11, course));
            at += if step < 0.62 {
                0.5 / BRICKS
            } else if step < 0.8 {
                -0.5 / BRICKS
            } else {
                0.0
            };
        }
        Self { scene, seed, crack }
    }

    fn at(&self, u: f32, v: f32) -> Colour {
        match self.scene {
            Scene::Facade => self.facade(u, v),
            Scene::Plan => self.plan(u, v),
            Scene::Pit => self.pit(u, v),
        }
    }

    fn facade(&self, u: f32, v: f32) -> Colour {
        let light = 1.12 - 0.22 * v - 0.30 * ((u - 0.45).powi(2) + (v - 0.5).powi(2));
        if let Some(ruler) = ruler(u, v) {
            return ruler;
        }
        let window = Box2 {
            left: 0.62,
            top: 0.20,
            right: 0.88,
            bottom: 0.64,
        };
        if window.holds(u, v) {
            return shade(self.window(&window, u, v), light);
        }
        if (window.left - 0.02..window.right + 0.02).contains(&u) && (0.64..0.672).contains(&v) {
            return shade([176.0, 172.0, 164.0], light);
        }
        let lintel =
            (window.left - 0.03..window.right + 0.03).contains(&u) && (0.125..0.20).contains(&v);
        let (column, row, across, along) = if lintel {
            let x = u * BRICKS * 3.4;
            (floor(x), 900, x.fract(), (v - 0.125) / 0.075)
        } else {
            let row = v * count(COURSES);
            let x = u * BRICKS
                + if floor(row).is_multiple_of(2) {
                    0.0
                } else {
                    0.5
                };
            (floor(x), floor(row), x.fract(), row.fract())
        };
        if !lintel && self.is_crack(u, v) {
            return shade([38.0, 30.0, 27.0], light);
        }
        let joint = if lintel {
            across < 0.16
        } else {
            across < 0.045 || along < 0.13
        };
        if joint {
            return shade([186.0, 178.0, 166.0], light);
        }
        let tone = unit(hash(self.seed, column, row)) - 0.5;
        let edge = if along > 0.86 { 0.90 } else { 1.0 };
        shade(
            [156.0 + 34.0 * tone, 82.0 + 24.0 * tone, 60.0 + 18.0 * tone],
            light * edge,
        )
    }

    fn is_crack(&self, u: f32, v: f32) -> bool {
        if v < 0.22 {
            return false;
        }
        let row = v * count(COURSES);
        let course = usize::try_from(floor(row)).unwrap_or(0);
        let (Some(here), Some(next)) = (self.crack.get(course), self.crack.get(course + 1)) else {
            return false;
        };
        // Wider at the foot, where the ground moved.
        let half_width = 0.0009 + 0.0034 * (v - 0.22);
        let ragged = (unit(hash(self.seed, floor(v * 900.0), 3)) - 0.5) * 0.003;
        let upright = (u - next - ragged).abs() < half_width;
        let level = row.fract() < 0.11
            && (here.min(*next) - half_width..here.max(*next) + half_width).contains(&u);
        upright || level
    }

    fn window(&self, window: &Box2, u: f32, v: f32) -> Colour {
        let x = (u - window.left) / (window.right - window.left);
        let y = (v - window.top) / (window.bottom - window.top);
        let frame = !(0.055..0.945).contains(&x)
            || !(0.045..0.955).contains(&y)
            || (0.478..0.522).contains(&x)
            || (0.29..0.325).contains(&y);
        if frame {
            return [236.0, 234.0, 226.0];
        }
        let reflection = if (0.55..0.80).contains(&(x * 0.6 + y * 0.7)) {
            26.0
        } else {
            0.0
        };
        let cloud = smooth(self.seed, u * 14.0, v * 22.0) * 30.0;
        [
            92.0 + 60.0 * (1.0 - y) + reflection + cloud,
            120.0 + 58.0 * (1.0 - y) + reflection + cloud,
            146.0 + 52.0 * (1.0 - y) + reflection + cloud * 0.7,
        ]
    }

    fn plan(&self, u: f32, v: f32) -> Colour {
        let paper = [248.0, 246.0, 239.0];
        let ink = [34.0, 44.0, 70.0];
        if WALLS.iter().any(|wall| wall.holds(u, v)) {
            return if OPENINGS.iter().any(|opening| opening.holds(u, v)) {
                paper
            } else {
                ink
            };
        }
        let near = |value: f32, line: f32| (value - line).abs() < 0.0012;
        let swing = OPENINGS.iter().any(|door| {
            let (x, y) = (u - door.left, (v - door.top) * 0.75);
            let radius = (door.right - door.left).max(door.bottom - door.top);
            x > 0.0 && y > 0.0 && near(x.hypot(y), radius)
        });
        let measure = (near(v, 0.93) && (0.10..0.90).contains(&u))
            || (near(u, 0.045) && (0.12..0.86).contains(&v))
            || ((0.92..0.94).contains(&v) && [0.10, 0.46, 0.90].iter().any(|x| near(u, *x)))
            || ((0.038..0.052).contains(&u) && [0.12, 0.50, 0.86].iter().any(|y| near(v, *y)));
        if swing || measure {
            return [96.0, 104.0, 128.0];
        }
        let damaged = Box2 {
            left: 0.50,
            top: 0.54,
            right: 0.72,
            bottom: 0.845,
        }
        .holds(u, v);
        if damaged && ((u + v * 0.75 + unit(self.seed) * 0.02) * 60.0).fract() < 0.12 {
            return [196.0, 82.0, 60.0];
        }
        let square = |value: f32, squares: f32| (value * squares).fract() < 0.035;
        if square(u, 40.0) || square(v, 30.0) {
            [229.0, 233.0, 238.0]
        } else {
            paper
        }
    }

    fn pit(&self, u: f32, v: f32) -> Colour {
        if let Some(ruler) = ruler(u, v) {
            return ruler;
        }
        let wave = (smooth(self.seed, u * 5.0, 3.0) - 0.5) * 0.05;
        let wall_half = if v > 0.74 {
            0.16
        } else if v > 0.66 {
            0.12
        } else {
            0.08
        };
        if (u - 0.60).abs() < wall_half && v < 0.82 {
            let row = v * 30.0;
            let x = u * 16.0
                + if floor(row).is_multiple_of(2) {
                    0.0
                } else {
                    0.5
                };
            if x.fract() < 0.05 || row.fract() < 0.14 {
                return [178.0, 170.0, 158.0];
            }
            let tone = unit(hash(self.seed, floor(x), floor(row))) - 0.5;
            return [146.0 + 34.0 * tone, 80.0 + 22.0 * tone, 62.0 + 16.0 * tone];
        }
        let speckle = smooth(self.seed, u * 90.0, v * 70.0) * 26.0;
        if v < 0.28 + wave {
            return [176.0 - 60.0 * v, 198.0 - 50.0 * v, 216.0 - 40.0 * v];
        }
        if v < 0.32 + wave {
            return [86.0 + speckle, 118.0 + speckle, 62.0];
        }
        if (v - 0.70 - wave * 0.3).abs() < 0.0022 && (u * 24.0).fract() < 0.6 {
            return [40.0, 92.0, 160.0];
        }
        if v < 0.50 + wave {
            [112.0 + speckle, 92.0 + speckle, 70.0 + speckle]
        } else if v < 0.76 - wave {
            [132.0 + speckle, 130.0 + speckle, 118.0 + speckle]
        } else {
            [76.0 + speckle, 62.0 + speckle, 50.0 + speckle * 0.8]
        }
    }
}

struct Box2 {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Box2 {
    const fn of(left: f32, top: f32, right: f32, bottom: f32) -> Self {
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    fn holds(&self, u: f32, v: f32) -> bool {
        (self.left..self.right).contains(&u) && (self.top..self.bottom).contains(&v)
    }
}

const WALLS: [Box2; 9] = [
    Box2::of(0.10, 0.12, 0.90, 0.14),
    Box2::of(0.10, 0.84, 0.90, 0.86),
    Box2::of(0.10, 0.12, 0.115, 0.86),
    Box2::of(0.885, 0.12, 0.90, 0.86),
    Box2::of(0.455, 0.12, 0.465, 0.86),
    Box2::of(0.465, 0.50, 0.885, 0.513),
    Box2::of(0.115, 0.60, 0.455, 0.613),
    Box2::of(0.72, 0.513, 0.73, 0.84),
    Box2::of(0.28, 0.613, 0.29, 0.84),
];

const OPENINGS: [Box2; 6] = [
    Box2::of(0.455, 0.40, 0.465, 0.48),
    Box2::of(0.80, 0.50, 0.86, 0.513),
    Box2::of(0.20, 0.60, 0.26, 0.613),
    Box2::of(0.72, 0.74, 0.73, 0.82),
    Box2::of(0.30, 0.84, 0.36, 0.86),
    Box2::of(0.56, 0.12, 0.68, 0.14),
];

/// The measuring stick at the lower left: the way every surveyor's photo shows scale.
fn ruler(u: f32, v: f32) -> Option<Colour> {
    let stick = Box2::of(0.05, 0.90, 0.29, 0.945);
    stick.holds(u, v).then(|| {
        let along = (u - stick.left) / (stick.right - stick.left);
        let tick = (along * 20.0).fract() < 0.16
            && v < if floor(along * 20.0).is_multiple_of(5) {
                0.932
            } else {
                0.918
            };
        if tick {
            [30.0, 30.0, 30.0]
        } else {
            [244.0, 226.0, 120.0]
        }
    })
}

fn shade(colour: Colour, light: f32) -> Colour {
    colour.map(|channel| channel * light)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and positive"
)]
fn floor(value: f32) -> u32 {
    value.max(0.0) as u32
}

#[expect(clippy::cast_precision_loss, reason = "a handful")]
fn count(number: usize) -> f32 {
    number as f32
}

/// From 0 up to 1.
#[expect(clippy::cast_precision_loss, reason = "24 bits fit a f32")]
fn unit(bits: u64) -> f32 {
    (bits & 0xff_ffff) as f32 / 16_777_216.0
}

/// Smooth noise from 0 to 1: hashed corners, blended.
fn smooth(seed: u64, x: f32, y: f32) -> f32 {
    let corner = |dx: u32, dy: u32| unit(hash(seed, floor(x) + dx, floor(y) + dy));
    let (along, down) = (x.fract(), y.fract());
    let top = corner(0, 0) * (1.0 - along) + corner(1, 0) * along;
    let bottom = corner(0, 1) * (1.0 - along) + corner(1, 1) * along;
    top * (1.0 - down) + bottom * down
}

/// The finaliser of splitmix64 over the seed and two numbers. Not for secrets.
fn hash(seed: u64, x: u32, y: u32) -> u64 {
    let mut bits = seed
        ^ u64::from(x).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ u64::from(y).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fits_its_bytes_and_is_always_the_same() {
        for scene in [Scene::Facade, Scene::Plan, Scene::Pit] {
            for (bytes, grey) in [(3_000, false), (30_000, false), (30_000, true)] {
                let picture = Picture::paint(scene, 5, bytes, grey);
                assert!(picture.samples.len() <= bytes, "{scene:?} {bytes}");
                assert!(picture.samples.len() * 20 > bytes * 18, "{scene:?} {bytes}");
                assert_eq!(picture, Picture::paint(scene, 5, bytes, grey));
                assert_ne!(picture, Picture::paint(scene, 6, bytes, grey));
            }
        }
    }
}
